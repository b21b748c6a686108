//! When to keep a snapshot of an aggregate.

use std::time::Duration;

/// When to keep a snapshot. Any of the reasons is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshots {
    /// After this many events since the last one.
    pub every: Option<u32>,
    /// With the first commit after this time since the last one.
    pub after: Option<Duration>,
    /// With a commit that has an event of one of these types.
    pub on: &'static [&'static str],
}

impl Snapshots {
    /// No snapshots.
    pub const NEVER: Self = Self { every: None, after: None, on: &[] };

    /// After every so many events.
    #[must_use]
    pub const fn every(events: u32) -> Self {
        Self { every: Some(events), ..Self::NEVER }
    }
}
