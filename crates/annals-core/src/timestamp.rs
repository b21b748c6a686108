//! Points in time, in microseconds of UTC.

use std::fmt;

use crate::{Error, Result};

/// Microseconds since 1970-01-01T00:00:00Z. Shown and read as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time this many microseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl std::str::FromStr for Timestamp {
    type Err = Error;

    /// Reads RFC 3339 with an offset. Digits beyond the microsecond are cut.
    fn from_str(text: &str) -> Result<Self> {
        let time: jiff::Timestamp = text.parse().map_err(|error| {
            Error::invalid(format!(
                "`{text}` is not a time; write it like 2026-01-31T12:00:00.5+01:00"
            ))
            .caused_by(error)
        })?;
        Ok(Self(time.as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time:.6}"),
            // Only a writer's own time can lie outside the years -9999 to 9999.
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_with_an_offset_becomes_utc_micros() {
        let time: Timestamp = "2011-10-01T00:38:44.546+02:00".parse().unwrap();
        assert_eq!(time.to_string(), "2011-09-30T22:38:44.546000Z");
        assert_eq!(time.as_micros(), 1_317_422_324_546_000);
    }

    #[test]
    fn nonsense_and_missing_offsets_are_refused() {
        for text in ["", "yesterday", "2011-10-01", "2011-10-01T00:38:44"] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn extremes_are_shown_without_a_panic() {
        assert!(Timestamp::from_micros(i64::MAX).to_string().ends_with("us"));
    }
}
