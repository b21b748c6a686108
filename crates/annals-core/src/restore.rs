//! What one store hands to another: events and keyed state as they are recorded.

use bytes::Bytes;

use crate::{Error, NewEvent, RecordedEvent, Result, StateKey, Timestamp, limits};

/// Events and keyed state of another store, to be stored exactly as they are recorded there.
///
/// The events come first. State comes with its revisions, because they serve as fencing tokens
/// outside of the store, and with its times, so that a copy taken further later finds no time of
/// its own in the way.
#[derive(Debug, Clone, Default)]
pub struct Restore {
    /// The next events of the store, in the order of their positions.
    pub events: Vec<RecordedEvent>,
    /// Writes of keyed state, in the order of their revisions.
    pub states: Vec<RecordedState>,
}

/// A write of keyed state as another store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedState {
    /// Which piece.
    pub key: StateKey,
    /// Its revision, which no later write to any state gets again.
    pub revision: u64,
    /// The value; `None` deletes it.
    pub value: Option<Bytes>,
    /// When it was written; where the store is ahead of that, its own newest time is taken.
    pub recorded_at: Timestamp,
}

impl Restore {
    /// Events alone.
    #[must_use]
    pub const fn events(events: Vec<RecordedEvent>) -> Self {
        Self { events, states: Vec::new() }
    }

    /// State alone.
    #[must_use]
    pub const fn states(states: Vec<RecordedState>) -> Self {
        Self { events: Vec::new(), states }
    }

    /// Checks the limits, which are those of one append.
    ///
    /// # Errors
    /// `TooLarge`, with the number.
    pub fn check_size(&self) -> Result<()> {
        let count = self.events.len() + self.states.len();
        if count > limits::APPEND_EVENTS_MAX {
            let what = "the number of restored events and writes of state";
            return Err(Error::too_large(what, count, limits::APPEND_EVENTS_MAX));
        }
        let of_state = |state: &RecordedState| state.value.as_ref().map_or(0, Bytes::len);
        let bytes = self.events.iter().map(RecordedEvent::size).sum::<usize>()
            + self.states.iter().map(of_state).sum::<usize>();
        if bytes > limits::APPEND_BYTES_MAX {
            let what = "the size of what is restored in bytes";
            return Err(Error::too_large(what, bytes, limits::APPEND_BYTES_MAX));
        }
        Ok(())
    }
}

impl RecordedEvent {
    /// The bytes that count against [`limits::EVENT_BYTES_MAX`].
    #[must_use]
    pub fn size(&self) -> usize {
        let tags: usize = self.tags.into_iter().map(|tag| tag.as_str().len()).sum();
        self.data.len() + self.metadata.as_bytes().len() + self.event_type.as_str().len() + tags
    }

    /// The event as its writer gave it, as far as that is known: a time equal to that of the store
    /// may have been the writer's too.
    #[must_use]
    pub fn into_new(self) -> NewEvent {
        NewEvent {
            id: self.id,
            event_type: self.event_type,
            schema_version: self.schema_version,
            data: self.data,
            content_type: self.content_type,
            metadata: self.metadata,
            tags: self.tags,
            time: Some(self.time).filter(|time| *time != self.recorded_at),
        }
    }
}
