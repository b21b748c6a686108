//! Subscriptions: catch up from a place, then live, without a gap or a repeat.

use std::num::NonZeroU64;

use crate::{Position, Query, RecordedEvent, StreamName, Version};

/// What to follow, and from where.
#[derive(Debug, Clone)]
pub struct Subscribe {
    /// What to follow.
    pub source: SubscribeSource,
    /// For the whole store: after how many events looked at to give a
    /// [`Delivery::Checkpoint`], so that a rarely matching query can still be resumed cheaply.
    /// `None`: never.
    pub checkpoint_every: Option<NonZeroU64>,
}

/// What a subscription follows.
#[derive(Debug, Clone)]
pub enum SubscribeSource {
    /// One stream, which need not exist yet. Its retention applies.
    Stream {
        /// Which stream.
        stream: StreamName,
        /// From where.
        start: SubscribeStart<Version>,
    },
    /// The whole store through a query.
    All {
        /// Which events.
        query: Query,
        /// From where.
        start: SubscribeStart<Position>,
    },
}

/// Where a subscription begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscribeStart<P> {
    /// With the first event.
    Beginning,
    /// After this one, excluded.
    After(P),
    /// With the next event to be written.
    End,
}

/// What a subscription gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every delivery is an event; a box would cost each of them an allocation"
)]
pub enum Delivery {
    /// An event.
    Event(RecordedEvent),
    /// Everything there was has been given; what follows is live.
    CaughtUp {
        /// The newest position of the store at that moment.
        position: Option<Position>,
    },
    /// More has been written than was read in one go; another [`CaughtUp`](Self::CaughtUp)
    /// follows.
    FellBehind {
        /// The newest position of the store at that moment.
        position: Option<Position>,
    },
    /// Every event up to this position has been given or does not match.
    Checkpoint(Position),
}

impl Subscribe {
    /// Follows one stream.
    #[must_use]
    pub const fn stream(stream: StreamName, start: SubscribeStart<Version>) -> Self {
        let source = SubscribeSource::Stream { stream, start };
        Self { source, checkpoint_every: None }
    }

    /// Follows the whole store through a query.
    #[must_use]
    pub const fn all(query: Query, start: SubscribeStart<Position>) -> Self {
        let source = SubscribeSource::All { query, start };
        Self { source, checkpoint_every: None }
    }

    /// With marks for stretches in which nothing matched.
    #[must_use]
    pub const fn checkpoint_every(mut self, events: NonZeroU64) -> Self {
        self.checkpoint_every = Some(events);
        self
    }
}
