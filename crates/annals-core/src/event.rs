//! Events: as they are handed in, and as they are kept.

use bytes::Bytes;

use crate::{
    ContentType, Error, EventId, EventType, Metadata, Position, Result, StreamName, Tags,
    Timestamp, Version, limits,
};

/// An event on its way into a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Who the event is; the same id again means a retry.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// Which form of this type the data has, from 1.
    pub schema_version: u32,
    /// The facts.
    pub data: Bytes,
    /// What the facts are written in.
    pub content_type: ContentType,
    /// The writer's notes.
    pub metadata: Metadata,
    /// Strings to find it by across streams.
    pub tags: Tags,
    /// When it happened; the store's time when absent.
    pub time: Option<Timestamp>,
}

impl NewEvent {
    /// An event with a new id, JSON data and nothing else. Set the other fields with `..` or by
    /// assignment.
    pub fn new(event_type: EventType, data: impl Into<Bytes>) -> Self {
        Self {
            id: EventId::random(),
            event_type,
            schema_version: 1,
            data: data.into(),
            content_type: ContentType::Json,
            metadata: Metadata::none(),
            tags: Tags::none(),
            time: None,
        }
    }

    /// The event with which a store closes a stream for good.
    #[must_use]
    pub fn tombstone(stream: &StreamName) -> Self {
        Self {
            id: EventId::of_store(stream, Version::DELETED),
            content_type: ContentType::Binary,
            ..Self::new(EventType::STREAM_DELETED, Bytes::new())
        }
    }

    /// The same event with another id.
    #[must_use]
    pub fn with_id(self, id: EventId) -> Self {
        Self { id, ..self }
    }

    /// The same event with tags.
    #[must_use]
    pub fn with_tags(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }

    /// The same event with metadata.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self { metadata, ..self }
    }

    /// The bytes that count against [`limits::EVENT_BYTES_MAX`].
    #[must_use]
    pub fn size(&self) -> usize {
        let tags: usize = self.tags.into_iter().map(|tag| tag.as_str().len()).sum();
        self.data.len() + self.metadata.as_bytes().len() + self.event_type.as_str().len() + tags
    }

    /// Checks the size.
    pub(crate) fn check(&self) -> Result<()> {
        let size = self.size();
        if size > limits::EVENT_BYTES_MAX {
            let what = format!("the size of event {} in bytes", self.id);
            return Err(Error::too_large(&what, size, limits::EVENT_BYTES_MAX));
        }
        Ok(())
    }
}

/// An event as a store keeps it. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Who the event is.
    pub id: EventId,
    /// The stream it is in.
    pub stream: StreamName,
    /// Its number in the stream.
    pub version: Version,
    /// Its place in the whole store.
    pub position: Position,
    /// What happened.
    pub event_type: EventType,
    /// Which form of this type the data has.
    pub schema_version: u32,
    /// The facts, byte for byte as written.
    pub data: Bytes,
    /// What the facts are written in.
    pub content_type: ContentType,
    /// The writer's notes, byte for byte as written.
    pub metadata: Metadata,
    /// Strings to find it by across streams.
    pub tags: Tags,
    /// When it happened, by the writer's word, else when it was recorded.
    pub time: Timestamp,
    /// When this store took it; never decreasing along positions.
    pub recorded_at: Timestamp,
}
