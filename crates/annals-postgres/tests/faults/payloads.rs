//! Payloads: what the store calls JSON must be JSON to PostgreSQL, which is asked about each one,
//! and what PostgreSQL refuses all the same is nobody else's trouble.

use annals_core::{Append, ExpectedVersion, RecordedEvent};
use annals_postgres::Options;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any as whatever, prop_oneof},
    sample::{Index, select},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde::de::IgnoredAny;

use crate::{
    bed::Bed,
    session::Session,
    together::append_together,
    words::{all, any, append, check_order, event, read, stream},
};

const TEXTS: usize = 6_000;
const AT_ONCE: usize = 1_000;

pub(crate) fn agree_with_postgresql(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    let texts = texts();
    for chunk in texts.chunks(AT_ONCE) {
        let events = chunk.iter().map(|text| event(text.clone()));
        append(&*place, Append::to(stream("json-1"), ExpectedVersion::Any, events)).unwrap();
    }
    let stored = read(&*place, "json-1").unwrap();
    assert!(stored.iter().map(|event| event.data.as_ref()).eq(texts.iter().map(Vec::as_slice)));
    let looker = Session::open(&place.url, "looker");
    looker.run(&format!(
        "CREATE FUNCTION {}.is_json(bytes bytea) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM convert_from(bytes, 'UTF8')::json; RETURN true; \
         EXCEPTION WHEN OTHERS THEN RETURN false; END $$",
        place.schema()
    ));
    let count = |which: &str| {
        let table = format!("{}.events", place.schema());
        looker.ask(&format!("SELECT count(*) FROM {table} WHERE {which}")).parse::<usize>().unwrap()
    };
    let bytes_only = "event_data IS NULL";
    let is_json = format!("{}.is_json(event_bytes)", place.schema());
    assert_eq!(count(&format!("{bytes_only} AND {is_json}")), 0, "JSON is stored as JSON");
    let ours = texts.iter().filter(|text| is_json_to_us(text)).count();
    assert_eq!(count("event_data IS NOT NULL"), ours, "what we call JSON was accepted");
    assert!(ours > TEXTS / 4 && ours < 3 * TEXTS / 4, "{ours} of {TEXTS} are JSON");
    None
}

/// Read as the store reads it.
fn is_json_to_us(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok() && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// The same texts on every run: JSON of all shapes, half of them with something changed.
fn texts() -> Vec<Vec<u8>> {
    let mut runner = TestRunner::deterministic();
    let changed = vec((whatever::<Index>(), change()), 0..3);
    let texts = (json(), changed).prop_map(|(text, changes)| {
        let mut text = text.into_bytes();
        for (at, change) in changes {
            let at = at.index(text.len() + 1);
            match change {
                Change::Insert(byte) => text.insert(at, byte),
                Change::Put(byte) if at < text.len() => text[at] = byte,
                Change::Cut => text.truncate(at),
                Change::Put(_) => {}
            }
        }
        text
    });
    (0..TEXTS).map(|_| texts.new_tree(&mut runner).unwrap().current()).collect()
}

#[derive(Debug, Clone)]
enum Change {
    Insert(u8),
    Put(u8),
    Cut,
}

fn change() -> impl Strategy<Value = Change> {
    let suspicious =
        b" \t\n\r\x00\x01\x0b\x1f\x7f\x80\xc0\xe2\xed\xff\"\\/{}[],:+-.0123eEuUtfnNI#'".to_vec();
    let byte = prop_oneof![4 => select(suspicious), 1 => whatever::<u8>()];
    prop_oneof![
        4 => byte.clone().prop_map(Change::Insert),
        4 => byte.prop_map(Change::Put),
        1 => Just(Change::Cut),
    ]
}

fn json() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("-0".to_owned()),
        "-?(0|[1-9][0-9]{0,30})",
        "-?(0|[1-9][0-9]{0,5})\\.[0-9]{1,20}",
        "-?[1-9]([eE][+-]?[0-9]{1,6})",
    ];
    let word = select(vec!["null", "true", "false"]).prop_map(str::to_owned);
    let leaf = prop_oneof![number, word, text()];
    let space = || select(vec!["", "", "", " ", "\t", "\n", "\r", " \n "]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let items = vec((space(), inner.clone()), 0..5);
        let fields = vec((text(), space(), inner), 0..5);
        prop_oneof![
            (items, space()).prop_map(|(items, end)| {
                let items: Vec<_> =
                    items.into_iter().map(|(space, item)| format!("{space}{item}")).collect();
                format!("[{}{end}]", items.join(","))
            }),
            (fields, space()).prop_map(|(fields, end)| {
                let fields: Vec<_> = fields
                    .into_iter()
                    .map(|(name, space, value)| format!("{space}{name}{space}:{value}"))
                    .collect();
                format!("{{{}{end}}}", fields.join(","))
            }),
        ]
    })
}

/// A string, also with escapes that stand for nothing: half pairs, and NUL.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z ]{0,6}",
        "\\\\[\"\\\\/bfnrt]",
        "\\\\u[0-9a-fA-F]{4}",
        Just("\\u0000".to_owned()),
        Just("\\ud83d\\ude00".to_owned()),
        Just("\\ude00\\ud83d".to_owned()),
        "[\u{7f}-\u{a0}\u{2028}\u{fffe}\u{10ffff}\u{1f600}]{1,2}",
    ];
    vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

pub(crate) fn refused_alone(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    // No JSON is known that only PostgreSQL refuses; so a trigger stands in for it.
    Session::open(&place.url, "operator").run(&format!(
        "CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION 'invalid input' USING ERRCODE = '22P02'; END $$; \
         CREATE FUNCTION {schema}.forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION 'forbidden'; END $$; \
         CREATE TRIGGER refuse BEFORE INSERT ON {schema}.events FOR EACH ROW \
         WHEN (new.event_data::text LIKE '%refused%') EXECUTE FUNCTION {schema}.refuse(); \
         CREATE TRIGGER forbid BEFORE INSERT ON {schema}.events FOR EACH ROW \
         WHEN (new.event_data::text LIKE '%forbidden%') EXECUTE FUNCTION {schema}.forbid()",
        schema = place.schema()
    ));
    let requests = (0..20).map(|number| {
        let data = match number {
            7 => "\"refused\"",
            11 => "\"forbidden\"",
            _ => "{}",
        };
        any(&format!("near-{number}"), event(data))
    });
    let answers = append_together(&place, requests.collect());
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_err(), number == 11, "{number}: {answer:?}");
    }
    let events: Vec<RecordedEvent> = all(&*place);
    check_order(&events);
    assert_eq!(events.len(), 20, "all but the forbidden one, and the first");
    assert_eq!(read(&*place, "near-7").unwrap()[0].data.as_ref(), b"\"refused\"");
    None
}
