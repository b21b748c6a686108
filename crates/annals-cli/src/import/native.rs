//! Events as `annals export` and `annals read -o ndjson` write them: `docs/cli-output.md`.
//!
//! Only `type` must be there, and `stream` where no other says it, so that the same form serves
//! for writing events by hand. `position` and `recorded_at` are the new store's own.

use annals::{ContentType, EventId, EventType, Metadata, NewEvent, StreamName, Tag, Tags, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    Record,
    fields::{Fields, string, value},
};

/// Reads an event. `stream` and `id` stand in where it names none of its own.
pub(crate) fn parse(
    fields: &Fields<'_>,
    line: u64,
    stream: Option<&StreamName>,
    id: impl FnOnce() -> EventId,
) -> Result<Record, String> {
    let mut parts = Parts::default();
    for (name, value) in fields.iter() {
        parts.take(name, value)?;
    }
    let stream = parts.stream.or_else(|| stream.cloned()).ok_or("field `stream` is missing")?;
    let event_type = parts.event_type.ok_or("field `type` is missing")?;
    let event = NewEvent {
        id: parts.id.unwrap_or_else(id),
        event_type,
        schema_version: parts.schema_version.unwrap_or(1),
        data: parts.data.unwrap_or_else(|| Bytes::from_static(b"{}")),
        content_type: parts.content_type.unwrap_or_default(),
        metadata: parts.metadata.unwrap_or_default(),
        tags: parts.tags.unwrap_or_default(),
        time: parts.time,
    };
    Ok(Record { line, stream, version: parts.version, event })
}

#[derive(Default)]
struct Parts {
    id: Option<EventId>,
    stream: Option<StreamName>,
    version: Option<Version>,
    event_type: Option<EventType>,
    schema_version: Option<u32>,
    data: Option<Bytes>,
    content_type: Option<ContentType>,
    metadata: Option<Metadata>,
    tags: Option<Tags>,
    time: Option<annals::Timestamp>,
}

impl Parts {
    fn take(&mut self, name: &str, raw: &RawValue) -> Result<(), String> {
        let text = || string(name, raw);
        match name {
            "id" => self.id = Some(checked(text()?.parse())?),
            "stream" => self.stream = Some(checked(text()?.parse())?),
            "version" => {
                self.version = Some(Version::new(value(name, raw, "a whole number from 0")?));
            }
            "type" => self.event_type = Some(checked(text()?.parse())?),
            "schema_version" => {
                self.schema_version = Some(value(name, raw, "a whole number from 0")?);
            }
            "time" => self.time = Some(checked(text()?.parse())?),
            "content_type" => {
                self.content_type = Some(checked(ContentType::new(text()?.into_owned()))?);
            }
            "tags" => self.tags = Some(tags(name, raw)?),
            "data" => once(&mut self.data, copy(raw), "data")?,
            "data_base64" => once(&mut self.data, decode(name, &text()?)?, "data")?,
            "metadata" => once(&mut self.metadata, Metadata::new(copy(raw)), "metadata")?,
            "metadata_base64" => {
                let metadata = Metadata::new(decode(name, &text()?)?);
                once(&mut self.metadata, metadata, "metadata")?;
            }
            "position" | "recorded_at" => {}
            _ => return Err(format!("field `{name}` is unknown")),
        }
        Ok(())
    }
}

/// An error of the vocabulary as the reason of a bad record.
pub(super) fn checked<T>(result: annals::Result<T>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// The tags in a JSON array.
pub(super) fn tags(name: &str, raw: &RawValue) -> Result<Tags, String> {
    let texts: Vec<String> = value(name, raw, "an array of strings")?;
    let tags: annals::Result<Vec<Tag>> = texts.into_iter().map(Tag::new).collect();
    checked(Tags::new(checked(tags)?))
}

pub(super) fn copy(raw: &RawValue) -> Bytes {
    Bytes::copy_from_slice(raw.get().as_bytes())
}

pub(super) fn decode(name: &str, text: &str) -> Result<Bytes, String> {
    let bytes = BASE64.decode(text).map_err(|error| format!("field `{name}`: {error}"))?;
    Ok(bytes.into())
}

fn once<T>(part: &mut Option<T>, value: T, what: &str) -> Result<(), String> {
    match part.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("`{what}` and `{what}_base64` exclude each other")),
    }
}
