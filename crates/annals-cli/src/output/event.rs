//! An event as it is printed. The field names are stable: `docs/cli-output.md`.

use annals::{Metadata, RecordedEvent};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use super::{CloudEvent, Item};

/// An event on its way to stdout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventItem<'a> {
    /// The event.
    pub(crate) event: &'a RecordedEvent,
    /// The store it is from, as a URI.
    pub(crate) source: &'a str,
}

/// Bytes as JSON: the value itself where that gives the same bytes back, else base64.
pub(super) enum Payload<'a> {
    Json(&'a RawValue),
    Base64(String),
}

impl<'a> Payload<'a> {
    /// Only text that is one JSON value without space around it and without line breaks comes
    /// back byte for byte from a line of NDJSON.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let has_breaks = bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        let json: Option<&RawValue> =
            if has_breaks { None } else { serde_json::from_slice(bytes).ok() };
        match json.filter(|json| json.get().len() == bytes.len()) {
            Some(json) => Self::Json(json),
            None => Self::base64(bytes),
        }
    }

    /// Base64 whatever the bytes are.
    pub(super) fn base64(bytes: &[u8]) -> Self {
        Self::Base64(BASE64.encode(bytes))
    }

    /// As one of two fields.
    pub(super) fn serialize_as<M: SerializeMap>(
        &self,
        map: &mut M,
        json_key: &str,
        base64_key: &str,
    ) -> Result<(), M::Error> {
        match self {
            Self::Json(json) => map.serialize_entry(json_key, json),
            Self::Base64(text) => map.serialize_entry(base64_key, text),
        }
    }
}

impl Serialize for EventItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.event;
        let tags: Vec<&str> = event.tags.into_iter().map(annals::Tag::as_str).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &event.id.as_uuid().to_string())?;
        map.serialize_entry("stream", event.stream.as_str())?;
        map.serialize_entry("version", &event.version.get())?;
        map.serialize_entry("position", &event.position.get())?;
        map.serialize_entry("type", event.event_type.as_str())?;
        map.serialize_entry("schema_version", &event.schema_version)?;
        map.serialize_entry("time", &event.time.to_string())?;
        map.serialize_entry("recorded_at", &event.recorded_at.to_string())?;
        map.serialize_entry("content_type", event.content_type.as_str())?;
        map.serialize_entry("tags", &tags)?;
        Payload::of(&event.data).serialize_as(&mut map, "data", "data_base64")?;
        if event.metadata != Metadata::none() {
            let metadata = Payload::of(event.metadata.as_bytes());
            metadata.serialize_as(&mut map, "metadata", "metadata_base64")?;
        }
        map.end()
    }
}

impl Item for EventItem<'_> {
    const COLUMNS: &'static [&'static str] =
        &["POSITION", "STREAM", "VERSION", "TYPE", "TIME", "DATA"];

    fn cells(&self) -> Vec<String> {
        let event = self.event;
        vec![
            event.position.to_string(),
            event.stream.to_string(),
            event.version.to_string(),
            event.event_type.to_string(),
            event.time.to_string(),
            String::from_utf8_lossy(&event.data).into_owned(),
        ]
    }

    fn key(&self) -> String {
        self.event.id.to_string()
    }

    fn cloud_event(&self) -> Option<CloudEvent<'_>> {
        Some(CloudEvent { event: self.event, source: self.source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let found = match Payload::of(bytes) {
            Payload::Json(json) => json.get().to_owned(),
            Payload::Base64(text) => format!("base64 {text}"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn json_that_comes_back_byte_for_byte_is_shown_as_it_is() {
        check(br#"{"b":1, "a":1.50,"a":2}"#, r#"{"b":1, "a":1.50,"a":2}"#);
        check(b"12345678901234567890.10", "12345678901234567890.10");
        check("\"\u{e4}\u{2028}\"".as_bytes(), "\"\u{e4}\u{2028}\"");
        check(b"null", "null");
    }

    #[test]
    fn everything_else_is_base64() {
        check(b"", "base64 ");
        check(b" {}", "base64 IHt9");
        check(b"{\n}", "base64 ewp9");
        check(b"{} {}", "base64 e30ge30=");
        check(b"\xff", "base64 /w==");
        check(b"{", "base64 ew==");
    }
}
