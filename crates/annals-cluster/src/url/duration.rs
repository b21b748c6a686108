//! Spans of time as they are written: `500ms`, `10s`, `2min`.

use std::time::Duration;

/// Milliseconds in a unit.
const UNITS: [(&str, u64); 3] = [("ms", 1), ("s", 1_000), ("min", 60_000)];

/// The longest.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Reads a span of time with its unit; none for what is no such span, zero, or over an hour.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let span = Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(*millis)?);
    (!span.is_zero() && span <= LONGEST).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_number_and_a_unit() {
        let millis = |text| parse(text).map(|span| span.as_millis());
        assert_eq!(millis("500ms"), Some(500));
        assert_eq!(millis("10s"), Some(10_000));
        assert_eq!(millis("60min"), Some(3_600_000));
        for text in ["", "5", "s", "0s", "-1s", "1.5s", "5 s", "1h", "61min"] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
