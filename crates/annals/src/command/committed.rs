//! What a command did.

use annals_core::{Position, Version};

/// What a command did, durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed<T> {
    /// What the decision gave.
    pub output: T,
    /// The version its stream is at now; `None` for several aggregates together, and for a stream
    /// without events.
    pub version: Option<Version>,
    /// The position of its last event; `None` when there was none.
    pub position: Option<Position>,
    /// How many events were written.
    pub events: usize,
    /// Whether all this had been done before, under the same idempotency key.
    pub is_replayed: bool,
}
