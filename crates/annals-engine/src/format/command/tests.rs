//! What comes back, what is cut, and what is no command at all.

use annals_core::{
    Category, EventType, Metadata, Name, NewEvent, Position, Query, QueryItem, StateKey, StateKind,
    StreamSelector, Tag, Tags, Timestamp,
};
use proptest::prelude::*;

use super::*;

fn stream(name: &'static str) -> StreamName {
    StreamName::new(name).unwrap()
}

fn event() -> NewEvent {
    let mut event = NewEvent::new(EventType::new("opened").unwrap(), "{}");
    event.tags = Tags::new([Tag::new("a:1").unwrap(), Tag::new("b").unwrap()]).unwrap();
    event.metadata = Metadata::new(r#"{"$correlationId":"c-1"}"#);
    event.time = Some(Timestamp::from_micros(-3));
    event.schema_version = 7;
    event
}

fn comes_back(command: &Command) {
    let mut out = Vec::new();
    command.encode(&mut out);
    let found = Command::decode(&out.clone().into()).unwrap();
    assert_eq!(format!("{found:?}"), format!("{command:?}"));
    for len in 0..out.len() {
        assert!(Command::decode(&out[..len].to_vec().into()).is_err(), "cut to {len} bytes");
    }
    out.push(0);
    assert!(Command::decode(&out.into()).is_err());
}

#[test]
fn an_append_comes_back_with_all_its_parts() {
    let item = QueryItem {
        types: vec![EventType::new("x").unwrap()],
        tags: vec![Tag::new("t").unwrap()],
        streams: vec![
            StreamSelector::Stream(stream("a-1")),
            StreamSelector::Category(Category::new("a").unwrap()),
        ],
        correlation: Some("c".into()),
    };
    let exact = ExpectedVersion::Exact(Version::new(5));
    let append = Append::to(stream("a-1"), exact, [event(), event()])
        .and(stream("b-1"), ExpectedVersion::StreamExists, [event()])
        .unless(Query::any_of([item]).unwrap(), Some(Position::new(9)))
        .unless(Query::all(), None)
        .checkpoint(Name::new("reader").unwrap(), Position::new(3));
    comes_back(&Command::Append(Append { interleaving: vec![0, 1, 0], ..append }));
}

#[test]
fn deletions_and_state_come_back() {
    for mode in [DeleteMode::Soft, DeleteMode::Tombstone] {
        let (stream, expected) = (stream("a-1"), ExpectedVersion::NoStream);
        comes_back(&Command::Delete(DeleteStream { stream, expected, mode }));
    }
    for value in [None, Some(Bytes::new()), Some("value".into())] {
        for expected in [StateExpected::Any, StateExpected::Absent, StateExpected::Revision(4)] {
            let key = StateKey { kind: StateKind::Lease, name: Name::new("l").unwrap() };
            comes_back(&Command::PutState(StatePut { key, expected, value: value.clone() }));
        }
    }
}

#[test]
fn what_is_restored_comes_back() {
    let event = annals_core::RecordedEvent {
        id: annals_core::EventId::random(),
        stream: stream("a-1"),
        version: Version::FIRST,
        position: Position::new(8),
        event_type: EventType::new("x").unwrap(),
        schema_version: 1,
        data: "d".into(),
        content_type: annals_core::ContentType::new("text/plain").unwrap(),
        metadata: Metadata::none(),
        tags: Tags::none(),
        time: Timestamp::from_micros(1),
        recorded_at: Timestamp::from_micros(2),
    };
    let state = annals_core::RecordedState {
        key: StateKey::checkpoint(Name::new("c").unwrap()),
        revision: 3,
        value: Some("12345678".into()),
        recorded_at: Timestamp::from_micros(4),
    };
    comes_back(&Command::Restore(Restore { events: vec![event], states: vec![state] }));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(kind in 1..=4_u8, mut bytes: Vec<u8>) {
        bytes.insert(0, kind);
        drop(Command::decode(&bytes.into()));
    }
}
