//! Schema evolution: rules by themselves, and wherever events are read.

mod chains;
mod context;
mod formats;
mod hostile;
mod loads;
mod projections;
mod rules;

use annals::{
    BoxError, ContentType, EventId, EventType, Metadata, Position, RecordedEvent, StreamName, Tags,
    Timestamp, Upcast, Upcasters, Version,
};
use serde_json::Value;

/// A stored event of stream `account-1` with JSON data.
pub(crate) fn stored(event_type: &str, schema_version: u32, json: &Value) -> RecordedEvent {
    RecordedEvent {
        id: EventId::random(),
        stream: StreamName::new("account-1").unwrap(),
        version: Version::new(3),
        position: Position::new(40),
        event_type: EventType::new(event_type).unwrap(),
        schema_version,
        data: json.to_string().into(),
        content_type: ContentType::Json,
        metadata: Metadata::new(r#"{"userId":"ann"}"#),
        tags: Tags::none(),
        time: Timestamp::from_micros(7),
        recorded_at: Timestamp::from_micros(8),
    }
}

/// Type, schema version and data of an event.
fn shown(upcast: &Upcast) -> (String, u32, Value) {
    let data = serde_json::from_slice(&upcast.data).unwrap();
    (upcast.event_type.to_string(), upcast.schema_version, data)
}

/// What a record is today.
#[track_caller]
pub(crate) fn today(upcasters: &Upcasters, record: &RecordedEvent) -> Vec<(String, u32, Value)> {
    upcasters.upcast(&[], record).unwrap().iter().map(shown).collect()
}

/// One event, as `today` gives it.
fn event(event_type: &str, version: u32, data: Value) -> (String, u32, Value) {
    (event_type.to_owned(), version, data)
}

/// A lift that notes that it was there.
fn note(
    step: &'static str,
) -> impl Fn(&annals::Stored<'_>, Value) -> Result<Value, BoxError> + Send + Sync {
    move |_, mut json| {
        json.as_array_mut().ok_or("no array")?.push(step.into());
        Ok(json)
    }
}
