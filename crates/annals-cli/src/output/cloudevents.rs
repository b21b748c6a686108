//! An event as a CloudEvent 1.0 in the JSON format.
//!
//! What CloudEvents has no place for travels in extension attributes that begin with `annals`,
//! so that an import of an export gives the same events.

use annals::{ContentType, RecordedEvent, Version};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::event::Payload;

/// An event and the store it is from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CloudEvent<'a> {
    pub(super) event: &'a RecordedEvent,
    pub(super) source: &'a str,
}

impl CloudEvent<'_> {
    fn metadata<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let bytes = self.event.metadata.as_bytes();
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some(correlation) = self.event.metadata.correlation() {
            map.serialize_entry("correlationid", &**correlation)?;
        }
        // Attributes are strings, so JSON is carried as its text.
        match Payload::of(bytes) {
            Payload::Json(json) => map.serialize_entry("annalsmetadata", json.get()),
            Payload::Base64(text) => map.serialize_entry("annalsmetadatabase64", &text),
        }
    }

    fn tags<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let tags: Vec<&str> = self.event.tags.into_iter().map(annals::Tag::as_str).collect();
        if tags.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_string(&tags).map_err(serde::ser::Error::custom)?;
        map.serialize_entry("annalstags", &text)
    }

    fn data<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        // A value under `data` means JSON only where the content type says so.
        let payload = match (&self.event.content_type, Payload::of(&self.event.data)) {
            (ContentType::Json, payload) | (_, payload @ Payload::Base64(_)) => payload,
            (_, Payload::Json(_)) => Payload::base64(&self.event.data),
        };
        payload.serialize_as(map, "data", "data_base64")
    }
}

impl Serialize for CloudEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.event;
        let category = event.stream.category_str().unwrap_or_else(|| event.stream.as_str());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", "1.0")?;
        map.serialize_entry("id", &event.id.to_string())?;
        map.serialize_entry("source", self.source)?;
        map.serialize_entry("type", event.event_type.as_str())?;
        map.serialize_entry("subject", event.stream.as_str())?;
        map.serialize_entry("time", &event.time.to_string())?;
        map.serialize_entry("datacontenttype", event.content_type.as_str())?;
        map.serialize_entry("sequence", &sequence(event.version))?;
        map.serialize_entry("partitionkey", category)?;
        map.serialize_entry("annalsposition", &event.position.to_string())?;
        map.serialize_entry("annalsrecordedat", &event.recorded_at.to_string())?;
        if event.schema_version != 1 {
            map.serialize_entry("annalsschemaversion", &event.schema_version.to_string())?;
        }
        self.tags(&mut map)?;
        self.metadata(&mut map)?;
        self.data(&mut map)?;
        map.end()
    }
}

/// The extension asks for strings whose alphabetical order is the order of the events.
fn sequence(version: Version) -> String {
    format!("{:020}", version.get())
}
