//! Events that are made up: links to events and references to streams.

use annals_core::{
    ContentType, EventId, EventType, Metadata, RecordedEvent, StreamName, Tags, Version,
};
use bytes::Bytes;
use bytestring::ByteString;
use serde_json::json;
use uuid::Uuid;

use crate::links::LINK;

/// The type of a reference to a stream.
const REFERENCE: &str = "$@";
/// Namespace of the ids; made once, at random.
const NAMESPACE: Uuid = Uuid::from_u128(0xd1a4_7c2e_90b3_4f58_a6e1_3c70_52f9_8b1d);

/// What a made-up event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Which event: its version and stream.
    Link,
    /// Which stream.
    Reference,
}

/// Makes the events of one derived stream.
#[derive(Debug, Clone)]
pub(super) struct Links {
    pub(super) stream: StreamName,
    pub(super) kind: Kind,
}

impl Links {
    /// The event at a place that stands for another event.
    pub(super) fn link(&self, ordinal: u64, target: &RecordedEvent) -> RecordedEvent {
        let leads_to = format!("{}@{}", target.version, target.stream);
        let id = EventId::derived(NAMESPACE, format!("{}\n{leads_to}", self.stream).as_bytes());
        let is_link = EventType::as_str(&target.event_type) == LINK;
        let (event_type, data) = match self.kind {
            // A link to a link would lead nowhere, because links are followed once.
            Kind::Link if is_link => (LINK, target.data.clone()),
            Kind::Link => (LINK, Bytes::from(leads_to)),
            Kind::Reference => (REFERENCE, target.stream.as_shared().clone().into_bytes()),
        };
        RecordedEvent {
            id,
            stream: self.stream.clone(),
            version: Version::new(ordinal),
            position: target.position,
            event_type: EventType::from_stored(ByteString::from_static(event_type)),
            schema_version: 1,
            data,
            content_type: ContentType::Binary,
            metadata: metadata(target),
            tags: Tags::none(),
            time: target.time,
            recorded_at: target.recorded_at,
        }
    }
}

fn metadata(target: &RecordedEvent) -> Metadata {
    let caused_by = target.id.to_string();
    let (json, correlation) = match target.metadata.correlation() {
        Some(id) => (json!({ "$causedBy": caused_by, "$correlationId": &**id }), Some(id.clone())),
        None => (json!({ "$causedBy": caused_by }), None),
    };
    Metadata::from_stored(json.to_string().into(), correlation)
}
