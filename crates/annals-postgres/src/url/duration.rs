//! Spans of time as they are written: `500ms`, `30s`, `5min`, `1h`.

use std::time::Duration;

/// The longest; PostgreSQL counts milliseconds in 31 bits.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// Milliseconds in a unit.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)];

/// Reads a span of time with its unit; none for what is no such span, or longer than 24 days.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let span = Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(*millis)?);
    (span <= LONGEST).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_number_and_a_unit() {
        let millis = |text| parse(text).map(|span| span.as_millis());
        assert_eq!(millis("500ms"), Some(500));
        assert_eq!(millis("30s"), Some(30_000));
        assert_eq!(millis("5min"), Some(300_000));
        assert_eq!(millis("1h"), Some(3_600_000));
        assert_eq!(millis("0s"), Some(0));
        for text in ["", "5", "s", "-1s", "1.5s", "5 s", "1d", "600h", "99999999999999999999s"] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
