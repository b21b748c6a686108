//! Events: as they are handed in, and as they are kept.

use annals_core::{
    ContentType, Error, EventId, EventType, ExpectedVersion, Metadata, NewEvent, Position,
    RecordedEvent, Result, StreamName, Tag, Tags, Timestamp, Version,
};
use annals_proto::annals::{self as wire, expected_version::Expected};
use bytes::Bytes;
use bytestring::ByteString;
use uuid::Uuid;

/// The event that a client sends.
pub(crate) fn new_event(event: wire::NewEvent) -> Result<NewEvent> {
    let id = if event.id.is_empty() { EventId::random() } else { event_id(&event.id)? };
    Ok(NewEvent {
        id,
        event_type: EventType::new(text(event.event_type, "the event type")?)?,
        schema_version: event.schema_version.unwrap_or(1),
        data: event.data,
        content_type: content_type(event.content_type)?,
        metadata: Metadata::new(event.metadata),
        tags: tags(event.tags)?,
        time: event.time_micros.map(Timestamp::from_micros),
    })
}

/// An event as a client of another store hands it on.
pub(crate) fn recorded_from(event: wire::RecordedEvent) -> Result<RecordedEvent> {
    let recorded_at = Timestamp::from_micros(event.recorded_at_micros);
    Ok(RecordedEvent {
        id: event_id(&event.id)?,
        stream: StreamName::new(text(event.stream, "the stream name")?)?,
        version: Version::new(event.version),
        position: Position::new(event.position),
        event_type: EventType::new(text(event.event_type, "the event type")?)?,
        schema_version: event.schema_version.unwrap_or(1),
        data: event.data,
        content_type: content_type(event.content_type)?,
        metadata: Metadata::new(event.metadata),
        tags: tags(event.tags)?,
        time: event.time_micros.map_or(recorded_at, Timestamp::from_micros),
        recorded_at,
    })
}

/// An event as clients read it. Its bytes are shared, not copied.
pub(crate) fn recorded(event: RecordedEvent) -> wire::RecordedEvent {
    let content_type = match event.content_type {
        ContentType::Json => Bytes::new(),
        ContentType::Binary => Bytes::from_static(ContentType::Binary.as_str().as_bytes()),
        ContentType::Other(media_type) => media_type.into_bytes(),
    };
    wire::RecordedEvent {
        id: Bytes::copy_from_slice(&event.id.to_bytes()),
        stream: event.stream.as_shared().clone().into_bytes(),
        version: event.version.get(),
        position: event.position.get(),
        event_type: event.event_type.as_shared().clone().into_bytes(),
        schema_version: (event.schema_version != 1).then_some(event.schema_version),
        data: event.data,
        content_type,
        metadata: event.metadata.as_bytes().clone(),
        tags: event.tags.into_iter().map(|tag| tag.as_shared().clone().into_bytes()).collect(),
        time_micros: (event.time != event.recorded_at).then(|| event.time.as_micros()),
        recorded_at_micros: event.recorded_at.as_micros(),
    }
}

/// What a client expects of a stream.
///
/// # Errors
/// `InvalidArgument` when nothing is set, or something that this server does not know.
pub(crate) fn expected(expected: Option<wire::ExpectedVersion>) -> Result<ExpectedVersion> {
    match expected.and_then(|expected| expected.expected) {
        Some(Expected::Any(())) => Ok(ExpectedVersion::Any),
        Some(Expected::NoStream(())) => Ok(ExpectedVersion::NoStream),
        Some(Expected::StreamExists(())) => Ok(ExpectedVersion::StreamExists),
        Some(Expected::Exact(version)) => Ok(ExpectedVersion::Exact(Version::new(version))),
        None => Err(Error::invalid("`expected` is not set, or to something newer than the server")),
    }
}

/// What a client expected, told again.
pub(crate) fn expected_to(expected: ExpectedVersion) -> wire::ExpectedVersion {
    let expected = match expected {
        ExpectedVersion::Any => Expected::Any(()),
        ExpectedVersion::NoStream => Expected::NoStream(()),
        ExpectedVersion::StreamExists => Expected::StreamExists(()),
        ExpectedVersion::Exact(version) => Expected::Exact(version.get()),
    };
    wire::ExpectedVersion { expected: Some(expected) }
}

fn event_id(bytes: &[u8]) -> Result<EventId> {
    let uuid = Uuid::from_slice(bytes)
        .map_err(|error| Error::invalid("the event id is not 16 bytes").caused_by(error))?;
    EventId::new(uuid)
}

fn content_type(media_type: Bytes) -> Result<ContentType> {
    if media_type.is_empty() {
        return Ok(ContentType::Json);
    }
    ContentType::new(text(media_type, "the content type")?)
}

fn tags(tags: Vec<Bytes>) -> Result<Tags> {
    let tags = tags.into_iter().map(|tag| Tag::new(text(tag, "the tag")?));
    Tags::new(tags.collect::<Result<Vec<_>>>()?)
}

fn text(bytes: Bytes, what: &str) -> Result<ByteString> {
    ByteString::try_from(bytes).map_err(|_| Error::invalid(format!("{what} is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded_event() -> RecordedEvent {
        RecordedEvent {
            id: EventId::random(),
            stream: StreamName::new("account-1").unwrap(),
            version: Version::new(3),
            position: Position::new(9),
            event_type: EventType::new("opened").unwrap(),
            schema_version: 2,
            data: Bytes::from_static(b"\x00\xff"),
            content_type: ContentType::new("application/cbor").unwrap(),
            metadata: Metadata::new(r#"{"$correlationId":"c"}"#),
            tags: Tags::new([Tag::new("a:1").unwrap()]).unwrap(),
            time: Timestamp::from_micros(-5),
            recorded_at: Timestamp::from_micros(7),
        }
    }

    #[test]
    fn a_recorded_event_comes_back_whole() {
        let event = recorded_event();
        assert_eq!(recorded_from(recorded(event.clone())).unwrap(), event);
        let plain = RecordedEvent {
            schema_version: 1,
            content_type: ContentType::Json,
            time: event.recorded_at,
            ..event
        };
        let wire = recorded(plain.clone());
        assert!(
            wire.content_type.is_empty() && wire.time_micros.is_none(),
            "defaults cost nothing"
        );
        assert_eq!(recorded_from(wire).unwrap(), plain);
    }

    #[test]
    fn what_is_left_out_of_a_new_event_has_its_default() {
        let least =
            wire::NewEvent { event_type: Bytes::from_static(b"opened"), ..Default::default() };
        let event = new_event(least).unwrap();
        assert_eq!((event.schema_version, event.content_type), (1, ContentType::Json));
        assert_eq!(event.time, None);
    }

    #[test]
    fn what_cannot_be_an_event_is_refused() {
        let with = |id: &'static [u8], event_type: &'static [u8]| {
            let (id, event_type) = (id.into(), event_type.into());
            new_event(wire::NewEvent { id, event_type, ..Default::default() })
        };
        assert!(with(b"", b"").is_err());
        assert!(with(b"short", b"opened").is_err());
        assert!(with(&[0; 16], b"opened").is_err());
        assert!(with(b"", b"\xff").is_err());
        assert!(expected(Some(wire::ExpectedVersion { expected: None })).is_err());
    }
}
