//! Which places events get, where their store has all of a stream and where it has lost a part.

use annals::{
    ContentType, EventId, EventType, MemoryBackend, Metadata, Position, RecordedEvent, Tags,
};

use super::*;

/// Places events, each given as its stream, its version and its data, and shows the same of them.
fn placed<const N: usize>(events: [(&'static str, u64, &'static str); N]) -> (Vec<String>, u64) {
    let (source, target) = (MemoryBackend::new(), MemoryBackend::new());
    let begun = begun(0);
    let mut numbering = Numbering::new(&source, &target, &begun);
    let events = (1..).zip(events).map(|(at, (stream, version, data))| {
        let event = event(at, stream, version, data);
        let placed = numbering.place(event).unwrap();
        let data = String::from_utf8(placed.data.to_vec()).unwrap();
        assert_eq!(placed.position.get() + 1, at);
        format!("{}@{} {data}", placed.stream, placed.version)
    });
    (events.collect(), numbering.renumbered)
}

/// An empty target, but for the time at which it was begun, in microseconds.
fn begun(micros: i64) -> Begun {
    let recorded_at = Timestamp::from_micros(micros);
    Begun { head: None, done: None, present: 0, recorded_at, revision: 0 }
}

fn event(at: u64, stream: &'static str, version: u64, data: &'static str) -> RecordedEvent {
    let time = Timestamp::from_micros(10);
    RecordedEvent {
        id: EventId::random(),
        stream: StreamName::new(stream).unwrap(),
        version: Version::new(version),
        position: Position::new(at * 100),
        event_type: EventType::new("x").unwrap(),
        schema_version: 1,
        data: data.into(),
        content_type: ContentType::Json,
        metadata: Metadata::none(),
        tags: Tags::none(),
        time,
        recorded_at: time,
    }
}

#[test]
fn whole_streams_keep_their_versions_and_settings() {
    let (placed, renumbered) = placed([
        ("a", 0, ""),
        ("$$a", 0, r#"{ "$tb": 1 }"#),
        ("b", 0, ""),
        ("a", 1, ""),
        ("$$a", 1, r#"{ "$tb": 9223372036854775807 }"#),
    ]);
    let expected = [
        "a@0 ",
        r#"$$a@0 { "$tb": 1 }"#,
        "b@0 ",
        "a@1 ",
        r#"$$a@1 { "$tb": 9223372036854775807 }"#,
    ];
    assert_eq!(placed, expected);
    assert_eq!(renumbered, 0);
}

#[test]
fn what_is_left_of_a_stream_is_numbered_from_0_and_its_truncation_moves_along() {
    let (placed, renumbered) = placed([
        ("$$a", 4, r#"{"$maxCount":9,"$tb":10}"#),
        ("a", 12, ""),
        ("a", 13, ""),
        ("$$a", 5, r#"{"$tb":13}"#),
        ("$$a", 6, r#"{"$tb":15}"#),
        ("$$a", 7, r#"{"$tb":12}"#),
    ]);
    let expected = [
        r#"$$a@0 {"$maxCount":9}"#,
        "a@0 ",
        "a@1 ",
        r#"$$a@1 {"$tb":1}"#,
        r#"$$a@2 {"$tb":3}"#,
        "$$a@3 {}",
    ];
    assert_eq!(placed, expected);
    assert_eq!(renumbered, 6);
}

#[test]
fn the_end_of_a_stream_is_the_end_of_it_here() {
    let end = Version::DELETED.get();
    let (placed, renumbered) = placed([("a", 7, ""), ("a", end, "")]);
    assert_eq!(placed, ["a@0 ".to_owned(), format!("a@{end} ")]);
    assert_eq!(renumbered, 1);
}

#[test]
fn the_time_of_recording_never_goes_back_and_that_of_the_event_stays() {
    let (source, target) = (MemoryBackend::new(), MemoryBackend::new());
    let begun = begun(20);
    let mut numbering = Numbering::new(&source, &target, &begun);
    let placed = numbering.place(event(1, "a", 0, "")).unwrap();
    assert_eq!(placed.recorded_at, Timestamp::from_micros(20));
    assert_eq!(placed.time, Timestamp::from_micros(10));
}
