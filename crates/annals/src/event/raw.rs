//! An event on its way from the store to a Rust type, after upcasting.

use annals_core::{ContentType, EventType, RecordedEvent};
use bytes::Bytes;

/// The part of an event that decoding looks at.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    /// Which event type.
    pub event_type: &'a EventType,
    /// Which form of this type the data has.
    pub schema_version: u32,
    /// What the data is written in.
    pub content_type: &'a ContentType,
    /// The facts.
    pub data: &'a Bytes,
}

impl<'a> From<&'a RecordedEvent> for RawEvent<'a> {
    fn from(event: &'a RecordedEvent) -> Self {
        Self {
            event_type: &event.event_type,
            schema_version: event.schema_version,
            content_type: &event.content_type,
            data: &event.data,
        }
    }
}
