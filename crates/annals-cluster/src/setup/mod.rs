//! What has to be there before a store can be kept by many nodes: the stream that is its log.
//!
//! It is made once (`init`), looked over before trusting it (`check`), looked at while it runs
//! (`state`), and given up from its beginning when the nodes need that no more (`trim`).

mod check;
mod finding;
mod init;
mod monitor;
mod shape;
mod state;
mod trim;
mod version;

use std::fmt;

use annals_core::{Error, Result};

pub use check::check;
pub use finding::{Finding, Severity};
pub use init::{Initialized, init};
pub use monitor::Monitor;
pub use state::{LogState, Replica, find, state};
pub use trim::{KEPT, trim, trimmable};

/// What a log is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// On how many servers every message is kept.
    pub replicas: Replicas,
    /// The most bytes that the log may have; then it refuses messages, and drops none. `None`
    /// leaves it to the disks.
    pub bytes_max: Option<u64>,
}

/// On how many servers every message of a log is kept.
///
/// A log goes on for as long as more than half of them do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replicas {
    /// One: while it is away there is no log, and with its disk the log is lost.
    One,
    /// Three: one may fail.
    #[default]
    Three,
    /// Five: two may fail.
    Five,
}

impl Replicas {
    /// How many there are.
    #[must_use]
    pub const fn count(self) -> u64 {
        match self {
            Self::One => 1,
            Self::Three => 3,
            Self::Five => 5,
        }
    }
}

impl TryFrom<u64> for Replicas {
    type Error = Error;

    /// # Errors
    /// `InvalidArgument` for other numbers than 1, 3 and 5.
    fn try_from(count: u64) -> Result<Self> {
        [Self::One, Self::Three, Self::Five]
            .into_iter()
            .find(|replicas| replicas.count() == count)
            .ok_or_else(|| {
                Error::invalid(format!(
                    "a log cannot have {count} replicas; it has 1, 3 or 5, because an even number \
                     survives no more failures than the odd one below it"
                ))
            })
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.count().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_few_and_odd() {
        for count in [1, 3, 5] {
            assert_eq!(Replicas::try_from(count).unwrap().count(), count);
        }
        for count in [0, 2, 4, 6] {
            assert!(Replicas::try_from(count).is_err());
        }
    }
}
