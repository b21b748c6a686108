//! Events: as they are handed in, and as they are kept.

use annals_core::{
    ContentType, EventId, EventType, ExpectedVersion, Metadata, NewEvent, Position, RecordedEvent,
    Result, StreamName, Tag, Tags, Timestamp, Version,
};
use annals_proto::annals::{self as wire, expected_version::Expected};
use bytes::Bytes;
use bytestring::ByteString;

use super::unreadable;

/// An event on its way into a stream. Its payload is shared, not copied.
pub(crate) fn new_event(event: NewEvent) -> wire::NewEvent {
    wire::NewEvent {
        id: Bytes::copy_from_slice(&event.id.to_bytes()),
        event_type: event.event_type.as_shared().clone().into_bytes(),
        schema_version: (event.schema_version != 1).then_some(event.schema_version),
        data: event.data,
        content_type: content_type(event.content_type),
        metadata: event.metadata.as_bytes().clone(),
        tags: tags(&event.tags),
        time_micros: event.time.map(Timestamp::as_micros),
    }
}

/// An event as another store has it.
pub(crate) fn recorded(event: RecordedEvent) -> wire::RecordedEvent {
    wire::RecordedEvent {
        id: Bytes::copy_from_slice(&event.id.to_bytes()),
        stream: event.stream.as_shared().clone().into_bytes(),
        version: event.version.get(),
        position: event.position.get(),
        event_type: event.event_type.as_shared().clone().into_bytes(),
        schema_version: (event.schema_version != 1).then_some(event.schema_version),
        data: event.data,
        content_type: content_type(event.content_type),
        metadata: event.metadata.as_bytes().clone(),
        tags: tags(&event.tags),
        time_micros: (event.time != event.recorded_at).then(|| event.time.as_micros()),
        recorded_at_micros: event.recorded_at.as_micros(),
    }
}

/// An event as the server has it. Names were checked when they were stored; that they are text is
/// checked here, because it comes from outside.
pub(crate) fn from_wire(event: wire::RecordedEvent) -> Result<RecordedEvent> {
    let id = <[u8; 16]>::try_from(event.id.as_ref()).map_err(|_| unreadable("an event id"))?;
    let recorded_at = Timestamp::from_micros(event.recorded_at_micros);
    let content_type = if event.content_type.is_empty() {
        ContentType::Json
    } else {
        ContentType::from_stored(text(event.content_type)?)
    };
    let tags = event.tags.into_iter().map(|tag| text(tag).map(Tag::from_stored));
    Ok(RecordedEvent {
        id: EventId::from_stored(id),
        stream: StreamName::from_stored(text(event.stream)?),
        version: Version::new(event.version),
        position: Position::new(event.position),
        event_type: EventType::from_stored(text(event.event_type)?),
        schema_version: event.schema_version.unwrap_or(1),
        data: event.data,
        content_type,
        metadata: Metadata::new(event.metadata),
        tags: Tags::from_stored(tags.collect::<Result<_>>()?),
        time: event.time_micros.map_or(recorded_at, Timestamp::from_micros),
        recorded_at,
    })
}

/// What a stream has to look like before it is written.
pub(crate) fn expected(expected: ExpectedVersion) -> wire::ExpectedVersion {
    let expected = match expected {
        ExpectedVersion::Any => Expected::Any(()),
        ExpectedVersion::NoStream => Expected::NoStream(()),
        ExpectedVersion::StreamExists => Expected::StreamExists(()),
        ExpectedVersion::Exact(version) => Expected::Exact(version.get()),
    };
    wire::ExpectedVersion { expected: Some(expected) }
}

/// What was expected of a stream, told again by the server.
pub(crate) fn expected_from(expected: Option<wire::ExpectedVersion>) -> Option<ExpectedVersion> {
    Some(match expected?.expected? {
        Expected::Any(()) => ExpectedVersion::Any,
        Expected::NoStream(()) => ExpectedVersion::NoStream,
        Expected::StreamExists(()) => ExpectedVersion::StreamExists,
        Expected::Exact(version) => ExpectedVersion::Exact(Version::new(version)),
    })
}

fn content_type(content_type: ContentType) -> Bytes {
    match content_type {
        ContentType::Json => Bytes::new(),
        ContentType::Binary => Bytes::from_static(ContentType::Binary.as_str().as_bytes()),
        ContentType::Other(media_type) => media_type.into_bytes(),
    }
}

fn tags(tags: &Tags) -> Vec<Bytes> {
    tags.into_iter().map(|tag| tag.as_shared().clone().into_bytes()).collect()
}

fn text(bytes: Bytes) -> Result<ByteString> {
    ByteString::try_from(bytes).map_err(|_| unreadable("a name that is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> RecordedEvent {
        RecordedEvent {
            id: EventId::random(),
            stream: StreamName::new("account-1").unwrap(),
            version: Version::new(3),
            position: Position::new(9),
            event_type: EventType::new("opened").unwrap(),
            schema_version: 2,
            data: Bytes::from_static(b"\x00\xff"),
            content_type: ContentType::Binary,
            metadata: Metadata::new(r#"{"$correlationId":"c"}"#),
            tags: Tags::new([Tag::new("a:1").unwrap()]).unwrap(),
            time: Timestamp::from_micros(-5),
            recorded_at: Timestamp::from_micros(7),
        }
    }

    #[test]
    fn an_event_comes_back_whole() {
        let event = event();
        assert_eq!(from_wire(recorded(event.clone())).unwrap(), event);
        let plain = RecordedEvent { time: event.recorded_at, schema_version: 1, ..event };
        assert_eq!(from_wire(recorded(plain.clone())).unwrap(), plain);
    }

    #[test]
    fn bytes_that_are_no_event_are_an_error_and_no_panic() {
        let wire = recorded(event());
        let (id, stream) = (Bytes::from_static(b"short"), Bytes::from_static(b"\xff"));
        assert!(from_wire(wire::RecordedEvent { id, ..wire.clone() }).is_err());
        assert!(from_wire(wire::RecordedEvent { stream, ..wire }).is_err());
    }

    #[test]
    fn what_was_expected_comes_back() {
        let exact = ExpectedVersion::Exact(Version::new(4));
        let others =
            [ExpectedVersion::Any, ExpectedVersion::NoStream, ExpectedVersion::StreamExists];
        for version in others.into_iter().chain([exact]) {
            assert_eq!(expected_from(Some(expected(version))), Some(version));
        }
        assert_eq!(expected_from(None), None);
    }
}
