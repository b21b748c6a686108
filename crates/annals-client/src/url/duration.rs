//! Spans of time as they are written: `500ms`, `30s`, `5min`, `1h`.

use std::time::Duration;

/// Milliseconds in a unit.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)];
/// The longest, in milliseconds: 30 days.
const LONGEST: u64 = 30 * 24 * 3_600_000;

/// Reads a span of time with its unit; none for what is no such span, or longer than 30 days.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(at)?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let span = number.parse::<u64>().ok()?.checked_mul(*millis)?;
    (span <= LONGEST).then_some(Duration::from_millis(span))
}
