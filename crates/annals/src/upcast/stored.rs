//! What a rule may look at besides the data: the record, as it was stored.

use std::fmt;

use annals_core::{EventId, Position, RecordedEvent, StreamName, Tags, Timestamp, Version};
use serde_json::Value;

/// The record that a rule is applied to, as it was stored. However many rules came before, this
/// does not change.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    record: &'a RecordedEvent,
}

impl<'a> Stored<'a> {
    pub(super) const fn new(record: &'a RecordedEvent) -> Self {
        Self { record }
    }

    /// Who the event is.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.record.id
    }

    /// The type it is stored under.
    #[must_use]
    pub fn event_type(&self) -> &'a str {
        self.record.event_type.as_str()
    }

    /// The schema version it is stored in.
    #[must_use]
    pub const fn schema_version(&self) -> u32 {
        self.record.schema_version
    }

    /// The stream it is in.
    #[must_use]
    pub const fn stream(&self) -> &'a StreamName {
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

    /// Its tags. A rule does not change them: events are found by the tags they were stored with.
    #[must_use]
    pub const fn tags(&self) -> &'a Tags {
        &self.record.tags
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

    /// The writer's notes; `Null` when there are none, or they are no JSON.
    #[must_use]
    pub fn metadata(&self) -> Value {
        serde_json::from_slice(self.record.metadata.as_bytes()).unwrap_or_default()
    }
}

/// Without the data: it must not get into logs by way of a rule.
impl fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("event_type", &self.event_type())
            .field("schema_version", &self.schema_version())
            .field("stream", self.stream())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}
