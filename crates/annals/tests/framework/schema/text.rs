//! The text of the file: what is written is read again, and what is wrong is found by its line.

use annals::{
    Format,
    schema::{Block, Field, Lock},
};
use proptest::prelude::*;

#[track_caller]
fn wrong(text: &str, words: &[&str]) {
    let failure = text.parse::<Lock>().unwrap_err().to_string();
    for word in words {
        assert!(failure.contains(word), "`{word}` is not in `{failure}`");
    }
}

#[test]
fn an_error_names_its_line() {
    wrong("# fine\n\n  cents: i64\n", &["line 3", "before any event"]);
    wrong("event a version 1 json\nevent a version 1 json\n", &["line 2", "twice"]);
    wrong("event a version 1 json\n  x: u8\n  x: u8\n", &["line 3", "`x`", "twice"]);
    wrong("event a version 0 json\n", &["line 1", "`0`"]);
    wrong("event a version one json\n", &["line 1", "`one`"]);
    wrong("event a version 1 yaml\n", &["line 1", "`yaml`", "msgpack"]);
    wrong("event a version 1 json\n  cents\n", &["line 2", "NAME: TYPE"]);
    wrong("event a version 1 json\n  cents: u8 taag\n", &["line 2", "`taag`"]);
    wrong("event a version 1 json\n  = {}\n  = {}\n", &["line 3", "second sample"]);
    wrong("event a version 1 json\n  = 0x1\n", &["line 2", "hexadecimal"]);
    wrong("<<<<<<< HEAD\n", &["line 1", "<<<<<<< HEAD"]);
}

#[test]
fn a_failure_names_the_file() {
    let file = super::File::of::<super::Deposited>();
    std::fs::write(&file.path, "event\n").unwrap();
    let failure = file.check().run::<super::Deposited>().unwrap_err().to_string();
    assert!(failure.contains("events.lock: line 1"), "{failure}");
}

fn field() -> impl Strategy<Value = Field> {
    ("[a-z#:][a-z :#=]{0,6}[a-z:]", "[A-Z][A-Za-z<>,:]{0,6}[a-z>]", any::<bool>(), any::<bool>())
        .prop_map(|(name, type_name, is_optional, is_tag)| Field {
            name,
            type_name,
            is_optional,
            is_tag,
        })
}

fn block() -> impl Strategy<Value = Block> {
    let format =
        prop::sample::select(vec![Format::Json, Format::Cbor, Format::MessagePack, Format::Raw]);
    let sample = prop_oneof![
        any::<Vec<u8>>().prop_map(bytes::Bytes::from),
        "[ -~]{0,20}".prop_map(bytes::Bytes::from),
    ];
    (format, prop::collection::vec(field(), 0..4), prop::option::of(sample)).prop_map(
        |(format, mut fields, sample)| {
            fields.sort_by(|a, b| a.name.cmp(&b.name));
            fields.dedup_by(|a, b| a.name == b.name);
            Block { format, fields, sample }
        },
    )
}

proptest! {
    #[test]
    fn every_lock_is_read_as_it_was_written(
        blocks in prop::collection::btree_map(("[a-z#][a-z .#]{0,9}[a-z]", 1..9_u32), block(), 0..6)
    ) {
        let lock = Lock { blocks };
        prop_assert_eq!(lock.to_string().parse::<Lock>().unwrap(), lock);
    }

    #[test]
    fn no_text_makes_reading_panic(text in "(event |  |= |0x|[a-z: 1]|\n|\u{1}){0,30}") {
        let read = text.parse::<Lock>();
        prop_assert!(read.is_ok() || !read.unwrap_err().to_string().is_empty());
    }
}
