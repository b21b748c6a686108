//! What a node counts of its own work.

use std::sync::atomic::AtomicU64;

use annals_core::Histogram;

/// The end of the first range of times, in nanoseconds.
const FIRST_NANOS: u64 = 100_000;

/// What a node counts of its own work.
#[derive(Debug)]
pub(crate) struct Counts {
    /// Commands in each proposal.
    pub(crate) batch_commands: Histogram,
    /// From the first attempt to publish a proposal to the log's answer.
    pub(crate) publish_nanos: Histogram,
    /// Publishes that had to be repeated, because they were not answered.
    pub(crate) republished: AtomicU64,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            batch_commands: Histogram::new(1),
            publish_nanos: Histogram::new(FIRST_NANOS),
            republished: AtomicU64::new(0),
        }
    }
}
