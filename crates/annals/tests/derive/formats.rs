//! The formats besides JSON, and data that fits none of them.

use std::collections::BTreeMap;

use annals::{ContentType, ErrorKind, Event, Format};
use bytes::Bytes;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::reading::{Stored, chain, check_round_trip};

/// The same enum in each format that serde writes.
macro_rules! zoo {
    ($module:ident, $format:literal) => {
        mod $module {
            use super::*;

            #[derive(Event, Serialize, Deserialize, Debug, PartialEq, Clone)]
            #[event(prefix = "zoo", format = $format)]
            pub(super) enum Zoo {
                Born {
                    name: String,
                    weight: f64,
                    #[serde(default)]
                    parents: Vec<Option<u32>>,
                    mood: Mood,
                },
                Measured(BTreeMap<String, i64>),
                Noted(Note),
                Closed,
                Moved {
                    to: (i8, Option<String>),
                    #[serde(flatten)]
                    rest: BTreeMap<String, bool>,
                },
                Counted(u64),
            }
        }
    };
}

zoo!(json, "json");
zoo!(cbor, "cbor");
zoo!(messagepack, "messagepack");

/// The events of one of those enums.
macro_rules! events_of {
    ($zoo:ty) => {{
        type Zoo = $zoo;
        let note = Note { text: "caf\u{e9}".into(), by: None, mood: Mood::Loud { level: 3 } };
        [
            Zoo::Born {
                name: "Ann".into(),
                weight: 1.5,
                parents: vec![Some(1), None, Some(u32::MAX)],
                mood: Mood::Quiet,
            },
            Zoo::Measured(BTreeMap::from([("height".into(), i64::MIN), ("age".into(), 7)])),
            Zoo::Noted(note),
            Zoo::Closed,
            Zoo::Moved { to: (-5, None), rest: BTreeMap::from([("far".into(), true)]) },
            Zoo::Counted(u64::MAX),
        ]
    }};
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
enum Mood {
    Quiet,
    Loud { level: u8 },
}

#[derive(Event, Serialize, Deserialize, Debug, PartialEq, Clone)]
#[event(prefix = "zoo", name = "zoo.noted", format = "cbor")]
struct Note {
    text: String,
    by: Option<String>,
    mood: Mood,
}

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(format = "messagepack")]
struct Packed(Vec<u16>);

#[derive(Event, Debug, PartialEq)]
#[event(prefix = "file", format = "raw")]
enum File {
    Added(Bytes),
    Replaced(Vec<u8>),
}

#[test]
fn every_shape_comes_back_in_every_format() {
    events_of!(json::Zoo).iter().for_each(check_round_trip);
    events_of!(cbor::Zoo).iter().for_each(check_round_trip);
    events_of!(messagepack::Zoo).iter().for_each(check_round_trip);
    check_round_trip(&Note { text: String::new(), by: Some("Ann".into()), mood: Mood::Quiet });
    check_round_trip(&Packed(vec![1, 2]));
}

#[test]
fn fields_have_their_names_in_binary_formats_too() {
    let born = &events_of!(cbor::Zoo)[4];
    // {"to": [-5, null], "far": true}, of no definite length because the rest is flattened in.
    assert_eq!(&Stored::of(born).data[..], b"\xbfbto\x82\x24\xf6cfar\xf5\xff");
    assert_eq!(&Stored::of(&cbor::Zoo::Closed).data[..], b"\xa0");
    assert_eq!(&Stored::of(&messagepack::Zoo::Closed).data[..], b"\x80");
    let data = Stored::of(&events_of!(messagepack::Zoo)[0]).data;
    assert_eq!(&data[..9], b"\x84\xa4name\xa3An");
}

#[test]
fn the_stored_content_type_decides_how_data_is_read() {
    let stored = Stored::of(&events_of!(cbor::Zoo)[0]);
    assert_eq!(stored.content_type.as_str(), "application/cbor");
    assert_eq!(stored.read::<json::Zoo>().unwrap().as_ref(), Some(&events_of!(json::Zoo)[0]));
    let stored = Stored::of(&events_of!(json::Zoo)[2]);
    let read = stored.read::<messagepack::Zoo>().unwrap();
    assert_eq!(read.as_ref(), Some(&events_of!(messagepack::Zoo)[2]));
    assert!(stored.read::<Note>().unwrap().is_some());
}

#[test]
fn raw_data_is_the_bytes_of_the_field() {
    let added = File::Added(Bytes::from_static(b"\xff\0"));
    let stored = Stored::of(&added);
    assert_eq!(&stored.data[..], b"\xff\0");
    assert_eq!(stored.content_type, ContentType::Binary);
    check_round_trip(&added);
    check_round_trip(&File::Replaced(Vec::new()));

    let error = Stored { content_type: ContentType::Json, ..stored }.read::<File>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecodable);
}

#[test]
fn data_after_the_value_is_refused() {
    for mut stored in [
        Stored::of(&events_of!(cbor::Zoo)[0]),
        Stored::of(&events_of!(messagepack::Zoo)[0]),
        Stored::of(&events_of!(json::Zoo)[0]),
    ] {
        let mut data = stored.data.to_vec();
        data.push(b'5');
        stored.data = data.into();
        let text = chain(&stored.read::<json::Zoo>().unwrap_err());
        assert!(text.contains("more data follows") || text.contains("trailing"), "{text}");
    }
}

#[test]
fn errors_of_binary_formats_say_what_and_never_show_values() {
    for (format, data, cause) in [
        (Format::Cbor, &b"\xa1dnamefsecret"[..], "missing field `weight`"),
        (Format::Cbor, b"\xa1dname\x18\x4d", "invalid type: integer, expected string"),
        (Format::Cbor, b"\xa1dnamefsec", "the data ends too early"),
        (Format::Cbor, b"\xa1dname\x1c", "this is no CBOR at byte 6"),
        (Format::MessagePack, b"\x81\xa4name\xa6secret", "missing field `weight`"),
        (Format::MessagePack, b"\x81\xa4name\x4d", "invalid type: integer, expected a string"),
        (Format::MessagePack, b"\x81\xa4name\xa6sec", "the data ends too early"),
        (Format::MessagePack, b"\x81\xa4name\xc1", "invalid type"),
    ] {
        let stored = Stored {
            event_type: "zoo.born".into(),
            version: 1,
            content_type: format.content_type(),
            data: Bytes::from_static(data),
        };
        let error = stored.read::<json::Zoo>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable);
        let text = format!("{} {error:?}", chain(&error));
        assert!(text.contains(cause), "{format:?}: {text}");
        assert!(!text.contains("sec") && !text.contains("77"), "{text}");
    }
}

#[test]
fn values_that_are_nested_without_end_are_refused() {
    #[derive(Event, Serialize, Deserialize, Debug)]
    struct Nested {
        inner: Option<Box<Self>>,
    }

    let cbor = b"\xa1einner".repeat(100_000);
    let messagepack = b"\x81\xa5inner".repeat(100_000);
    let json = br#"{"inner":"#.repeat(100_000);
    for (format, data) in
        [(Format::Cbor, cbor), (Format::MessagePack, messagepack), (Format::Json, json)]
    {
        let stored = Stored {
            event_type: "nested".into(),
            version: 1,
            content_type: format.content_type(),
            data: data.into(),
        };
        assert_eq!(stored.read::<Nested>().unwrap_err().kind(), ErrorKind::Undecodable);
    }
}

const TYPES: [&str; 6] =
    ["zoo.born", "zoo.measured", "zoo.noted", "zoo.closed", "zoo.moved", "zoo.counted"];
const FORMATS: [Format; 4] = [Format::Json, Format::Cbor, Format::MessagePack, Format::Raw];

/// An error of the right kind, or a value that can be written again.
fn check_hostile(event_type: &str, format: Format, data: Vec<u8>) {
    let stored = Stored {
        event_type: event_type.to_owned(),
        version: 1,
        content_type: format.content_type(),
        data: data.into(),
    };
    match stored.read::<cbor::Zoo>() {
        Ok(event) => assert!(event.unwrap().encode().is_ok()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Undecodable),
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(
        event_type in prop::sample::select(&TYPES[..]),
        format in prop::sample::select(&FORMATS[..]),
        data in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        check_hostile(event_type, format, data);
    }

    #[test]
    fn damaged_events_never_panic(
        event in 0_usize..6,
        format in 0_usize..3,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        keep in any::<prop::sample::Index>(),
    ) {
        let stored = match format {
            0 => Stored::of(&events_of!(json::Zoo)[event]),
            1 => Stored::of(&events_of!(cbor::Zoo)[event]),
            _ => Stored::of(&events_of!(messagepack::Zoo)[event]),
        };
        let mut data = stored.data.to_vec();
        let at = at.index(data.len());
        data[at] = byte;
        data.truncate(keep.index(data.len() * 2) + 1);
        check_hostile(TYPES[event], FORMATS[format], data);
    }
}
