//! What a group works on: an event with where it came from and how often it was tried.

use annals_core::EventId;

use super::{consumers::ConsumerId, pinned::Bucket};

/// Where an event came from. Parked events that are tried again come before new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    /// The parked stream, at this version.
    Parked(u64),
    /// What the group follows, at this version or position.
    Source(u64),
}

/// An event on its way to a consumer.
#[derive(Debug, Clone)]
pub(crate) struct Message<E> {
    /// The id by which consumers acknowledge it.
    pub(crate) id: EventId,
    pub(crate) origin: Origin,
    pub(crate) bucket: Bucket,
    /// How often it was given out before.
    pub(crate) retries: u32,
    pub(crate) event: E,
}

/// A message for a consumer.
#[derive(Debug)]
pub(crate) struct Sent<E> {
    pub(crate) to: ConsumerId,
    pub(crate) retries: u32,
    pub(crate) event: E,
}

/// A message that consumers cannot deal with.
#[derive(Debug)]
pub(crate) struct Failed<E> {
    pub(crate) message: Message<E>,
    pub(crate) reason: String,
}

/// What a consumer says of an event that it did not finish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Try it again.
    Retry,
    /// Put it aside.
    Park(String),
    /// Forget it.
    Skip,
}
