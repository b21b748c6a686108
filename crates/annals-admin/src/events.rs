//! Events as consumers and readers get them.
//!
//! The protocol has no field for tags; a writer puts them into `$tags` of the metadata.

use annals_core::{
    ContentType, EventType, Metadata, Position, RecordedEvent, Tag, Tags, Timestamp, Version,
};
use annals_proto::kurrentdb::{
    StreamIdentifier, Uuid, persistent_subscriptions::read_resp::read_event as consumed,
    streams::read_resp::read_event as read,
};
use bytes::Bytes;

use crate::{Refused, Result, Server, ids};

const TAGS: &str = "$tags";

/// The fields that both kinds of message have.
struct Fields {
    id: Option<Uuid>,
    stream: Option<StreamIdentifier>,
    version: u64,
    position: u64,
    properties: std::collections::BTreeMap<String, String>,
    metadata: Bytes,
    data: Bytes,
}

/// An event that a consumer got.
pub(crate) fn consumed(server: &Server, event: consumed::RecordedEvent) -> Result<RecordedEvent> {
    recorded(Fields {
        id: event.id,
        stream: event.stream_identifier,
        version: event.stream_revision,
        position: server.position_from(event.commit_position),
        properties: event.metadata,
        metadata: event.custom_metadata,
        data: event.data,
    })
}

/// An event that was read.
pub(crate) fn read(server: &Server, event: read::RecordedEvent) -> Result<RecordedEvent> {
    recorded(Fields {
        id: event.id,
        stream: event.stream_identifier,
        version: event.stream_revision,
        position: server.position_from(event.commit_position),
        properties: event.metadata,
        metadata: event.custom_metadata,
        data: event.data,
    })
}

fn recorded(mut fields: Fields) -> Result<RecordedEvent> {
    let mut property = |name: &str| {
        let found = fields.properties.remove(name);
        found.ok_or_else(|| Refused::unreadable("all properties of an event"))
    };
    let ticks: i64 = property("created")?.parse().unwrap_or_default();
    let recorded_at = Timestamp::from_micros(ticks / 10);
    let event_type = EventType::from_stored(property("type")?.into());
    let content_type = ContentType::from_stored(property("content-type")?.into());
    Ok(RecordedEvent {
        id: ids::id_from(fields.id.as_ref())?,
        stream: ids::stream_from(fields.stream)?,
        version: Version::new(fields.version),
        position: Position::new(fields.position),
        event_type,
        schema_version: 1,
        data: fields.data,
        content_type,
        tags: Tags::from_stored(tags(&fields.metadata)),
        metadata: Metadata::new(fields.metadata),
        time: recorded_at,
        recorded_at,
    })
}

fn tags(metadata: &[u8]) -> Vec<Tag> {
    let object: Option<serde_json::Map<_, _>> = serde_json::from_slice(metadata).ok();
    let tags = object.and_then(|mut object| object.remove(TAGS));
    let tags = tags.and_then(|tags| serde_json::from_value::<Vec<String>>(tags).ok());
    tags.unwrap_or_default().into_iter().map(|tag| Tag::from_stored(tag.into())).collect()
}
