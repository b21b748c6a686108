//! What a row must reach, from the table of targets in the design.

use super::figure::{digits, duration, quantity};
use super::{Figure, Row};

/// What a row must reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// At most this many times the reference.
    RatioAtMost(f64),
    /// At least this many times the reference.
    RatioAtLeast(f64),
    /// At most this: seconds or bytes.
    AtMost(f64),
    /// At least this: a rate.
    AtLeast(f64),
}

impl Goal {
    /// Whether a row reaches it; `None` when it cannot be told.
    pub(super) fn is_met(self, row: &Row) -> Option<bool> {
        let ratio = row.ratio.map(|ratio| ratio.median).filter(|ratio| ratio.is_finite());
        match self {
            Self::RatioAtMost(most) => ratio.map(|ratio| ratio <= most),
            Self::RatioAtLeast(least) => ratio.map(|ratio| ratio >= least),
            Self::AtMost(most) => Some(row.annals.value() <= most),
            Self::AtLeast(least) => Some(row.annals.value() >= least),
        }
    }

    /// In words, with the unit of the row's figure.
    pub(super) fn shown(self, figure: &Figure) -> String {
        let with_unit = |number: f64| match figure {
            Figure::Latency { .. } | Figure::Time(_) => {
                duration(std::time::Duration::from_secs_f64(number))
            }
            Figure::Rate { .. } => format!("{}/s", quantity(number)),
            Figure::Bytes(_) => format!("{}B", quantity(number)),
        };
        match self {
            Self::RatioAtMost(most) => format!("\u{2264} {} \u{d7}", digits(most)),
            Self::RatioAtLeast(least) => format!("\u{2265} {} \u{d7}", digits(least)),
            Self::AtMost(most) => format!("\u{2264} {}", with_unit(most)),
            Self::AtLeast(least) => format!("\u{2265} {}", with_unit(least)),
        }
    }
}
