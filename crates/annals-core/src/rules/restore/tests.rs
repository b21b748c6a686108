//! Every refusal, and what is taken.

use super::*;
use crate::{EventId, NewEvent, StateKind};

fn event(position: u64, stream: &'static str, version: u64) -> RecordedEvent {
    let stream = StreamName::new(stream).unwrap();
    let of_type = if stream.is_metastream() { "$metadata" } else { "a" };
    let new = NewEvent::new(EventType::new(of_type).unwrap(), "{}");
    RecordedEvent {
        id: EventId::random(),
        stream,
        version: Version::new(version),
        position: Position::new(position),
        event_type: new.event_type,
        schema_version: 1,
        data: new.data,
        content_type: new.content_type,
        metadata: new.metadata,
        tags: new.tags,
        time: Timestamp::from_micros(5),
        recorded_at: Timestamp::from_micros(5),
    }
}

fn tombstone(position: u64, stream: &'static str) -> RecordedEvent {
    let event = event(position, stream, Version::DELETED.get());
    RecordedEvent { event_type: EventType::STREAM_DELETED, ..event }
}

fn state(revision: u64, value: &'static str) -> RecordedState {
    RecordedState {
        key: crate::StateKey { kind: StateKind::Checkpoint, name: crate::Name::new("c").unwrap() },
        revision,
        value: Some(value.into()),
        recorded_at: Timestamp::from_micros(5),
    }
}

/// A store with `s` at version 1, written at 3, with state up to revision 7.
fn check(restore: &Restore) -> String {
    let end =
        StoreEnd { next: Position::new(2), recorded_at: Timestamp::from_micros(3), revision: 7 };
    let head_of = |stream: &StreamName| {
        let last = (stream.as_str() == "s").then_some(Version::new(1));
        Ok(StreamHead { last, ..StreamHead::default() })
    };
    match decide_restore(restore, end, head_of) {
        Err(error) => error.kind().code().to_owned(),
        Ok(heads) => {
            let mut heads: Vec<_> = heads
                .iter()
                .map(|(stream, head)| {
                    let last = |last: Option<Version>| last.map_or(-1, |v| v.get() as i64);
                    let closed = if head.is_tombstoned { "x" } else { "" };
                    format!("{stream}:{}:{}{closed}", last(head.last), last(head.metadata_last))
                })
                .collect();
            heads.sort();
            heads.join(" ")
        }
    }
}

#[test]
fn what_follows_on_the_store_is_taken() {
    let events = vec![
        event(2, "s", 2),
        event(3, "t", 0),
        event(4, "$$s", 0),
        event(5, "s", 3),
        tombstone(6, "t"),
    ];
    assert_eq!(check(&Restore::events(events)), "s:3:0 t:0:-1x");
    assert_eq!(check(&Restore::states(vec![state(8, "12345678"), state(10, "12345678")])), "");
    assert_eq!(check(&Restore::default()), "");
}

#[test]
fn what_the_store_contradicts_is_a_failed_condition() {
    let early = RecordedEvent { recorded_at: Timestamp::from_micros(2), ..event(2, "s", 2) };
    for events in
        [vec![event(1, "s", 2)], vec![event(3, "s", 2)], vec![event(2, "s", 1)], vec![early]]
    {
        assert_eq!(check(&Restore::events(events)), "condition_failed");
    }
    assert_eq!(check(&Restore::states(vec![state(7, "12345678")])), "condition_failed");
}

#[test]
fn what_contradicts_itself_is_invalid() {
    let early = RecordedEvent { recorded_at: Timestamp::from_micros(4), ..event(3, "s", 3) };
    let plain = RecordedEvent { event_type: EventType::METADATA, ..event(2, "s", 2) };
    let end = RecordedEvent { event_type: EventType::STREAM_DELETED, ..event(2, "s", 2) };
    for events in [
        vec![event(2, "s", 2), event(4, "s", 3)],
        vec![event(2, "s", 2), event(3, "s", 4)],
        vec![event(2, "s", 2), early],
        vec![tombstone(2, "s"), event(3, "s", 2)],
        vec![tombstone(2, "s"), event(3, "$$s", 0)],
        vec![plain],
        vec![end],
    ] {
        assert_eq!(check(&Restore::events(events)), "invalid_argument");
    }
    let twice = vec![state(8, "12345678"), state(8, "12345678")];
    assert_eq!(check(&Restore::states(twice)), "invalid_argument");
    assert_eq!(check(&Restore::states(vec![state(8, "short")])), "invalid_argument");
}
