//! A decoded event together with where and when it was recorded.

use std::ops::Deref;

use annals_core::{EventId, Position, RecordedEvent, StreamName, Timestamp, Version};

/// An event as a Rust type, with the record it was read from. It dereferences to the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<E> {
    /// The event, of today's schema.
    pub event: E,
    /// The record as stored: the data may be of an older schema.
    pub record: RecordedEvent,
    /// Which part this is, from 0, when an upcaster split the record. Record and part together
    /// identify an event for ever; positions and versions are those of the record.
    pub part: u32,
}

impl<E> Recorded<E> {
    /// Who the event is.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.record.id
    }

    /// The stream it is in.
    #[must_use]
    pub const fn stream(&self) -> &StreamName {
        &self.record.stream
    }

    /// Its number in the stream.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.record.version
    }

    /// Its place in the whole store.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.record.position
    }

    /// When it happened.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.record.time
    }

    /// When the store took it.
    #[must_use]
    pub const fn recorded_at(&self) -> Timestamp {
        self.record.recorded_at
    }
}

impl<E> Deref for Recorded<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}
