//! Spans of time as they are typed: `500ms`, `30s`, `5min`, or `0` for never.

/// Milliseconds in a unit.
const UNITS: [(&str, u32); 3] = [("ms", 1), ("s", 1_000), ("min", 60_000)];
/// The longest, in milliseconds: servers count with 31 bits.
const LONGEST: u32 = i32::MAX.unsigned_abs();

/// Reads a span of time, in milliseconds.
///
/// # Errors
/// What is wrong, for people.
pub(crate) fn millis(text: &str) -> Result<u32, String> {
    let wrong = || "write a time with its unit, such as `500ms`, `30s` or `5min`, or 0".to_owned();
    if text == "0" {
        return Ok(0);
    }
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at_checked(at).ok_or_else(wrong)?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let span = number.parse::<u32>().ok().and_then(|number| number.checked_mul(*millis));
    span.filter(|span| *span <= LONGEST).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_unit_unless_it_is_none() {
        let found = ["0", "500ms", "30s", "5min"].map(|text| millis(text).unwrap());
        assert_eq!(found, [0, 500, 30_000, 300_000]);
        for wrong in ["", "30", "s", "-1s", "1h", "99999999min"] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }
}
