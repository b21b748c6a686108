//! Events: as they are proposed, and as they are read.

use std::collections::BTreeMap;

use annals_core::{
    ContentType, Error, ErrorKind, EventType, Metadata, NewEvent, Position, RecordedEvent, Result,
    Tags, Timestamp, Version,
};
use annals_proto::kurrentdb::streams::{append_req, read_resp::read_event};

use super::ids;
use crate::unsupported::unsupported;

const TYPE: &str = "type";
const CONTENT_TYPE: &str = "content-type";
const CREATED: &str = "created";
/// Parts of a microsecond in which times come.
const TICKS_PER_MICROSECOND: i64 = 10;

/// An event to append.
///
/// # Errors
/// `Unsupported` for what the server would not keep.
pub(crate) fn proposed(event: NewEvent) -> Result<append_req::ProposedMessage> {
    check(&event)?;
    let properties =
        [(TYPE, event.event_type.as_str()), (CONTENT_TYPE, event.content_type.as_str())];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(append_req::ProposedMessage {
        id: Some(ids::uuid_to_wire(event.id.as_uuid())),
        metadata: BTreeMap::from(properties.map(owned)),
        custom_metadata: event.metadata.as_bytes().clone(),
        data: event.data,
    })
}

/// What the server would drop without a word is refused instead.
fn check(event: &NewEvent) -> Result<()> {
    let id = event.id;
    if event.time.is_some() {
        return Err(unsupported(format!(
            "event {id} has a time of its own, and a KurrentDB keeps only when it recorded an \
             event; leave it out, or write it into the data or the metadata"
        )));
    }
    if event.schema_version != 1 {
        return Err(unsupported(format!(
            "event {id} has schema version {}, and a KurrentDB keeps none; write it into the type \
             or the metadata",
            event.schema_version
        )));
    }
    if matches!(event.content_type, ContentType::Other(_)) {
        return Err(unsupported(format!(
            "event {id} is `{}`, and a KurrentDB tells JSON from other bytes and no more; write \
             it as `application/octet-stream`",
            event.content_type
        )));
    }
    let is_tagged = event.tags != Tags::none();
    if is_tagged && event.tags != tags_in(event.metadata.as_bytes()) {
        return Err(unsupported(format!(
            "event {id} has tags, and a KurrentDB keeps none; write them into the metadata, as \
             an array of strings called `$tags`"
        )));
    }
    Ok(())
}

/// An event as it is stored there.
///
/// # Errors
/// `Unsupported` for an event whose names are beyond our limits, `Internal` for a message that
/// cannot be read.
pub(crate) fn recorded(event: read_event::RecordedEvent) -> Result<RecordedEvent> {
    let at = event.commit_position;
    let mut properties = event.metadata;
    let event_type = properties.remove(TYPE).unwrap_or_default();
    let named = ids::stream_name(event.stream_identifier)
        .and_then(|stream| Ok((stream, EventType::new(event_type)?)));
    let (stream, event_type) = named.map_err(|error| beyond(at, &error))?;
    let created = properties.remove(CREATED).and_then(|ticks| ticks.parse::<i64>().ok());
    let created = created.ok_or_else(|| ids::unreadable("a time"))?;
    let recorded_at = Timestamp::from_micros(created.div_euclid(TICKS_PER_MICROSECOND));
    let content_type = match properties.remove(CONTENT_TYPE) {
        Some(content_type) => ContentType::new(content_type)?,
        None => ContentType::Binary,
    };
    Ok(RecordedEvent {
        id: ids::event_id(event.id)?,
        stream,
        version: Version::new(event.stream_revision),
        position: Position::new(at),
        event_type,
        schema_version: 1,
        data: event.data,
        content_type,
        tags: tags_in(&event.custom_metadata),
        metadata: Metadata::new(event.custom_metadata),
        time: recorded_at,
        recorded_at,
    })
}

fn beyond(at: u64, error: &Error) -> Error {
    let why = format!(
        "the event at position {at} is stored there under a name that no store of ours takes \
         ({error}); leave it out with a query by type or category"
    );
    Error::new(ErrorKind::Unsupported, why)
}

/// The tags in the metadata. What is no list of tags is the business of who wrote it.
fn tags_in(metadata: &[u8]) -> Tags {
    Tags::in_metadata(metadata).unwrap_or_default()
}
