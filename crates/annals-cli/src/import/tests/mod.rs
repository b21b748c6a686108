//! Reading and loading records, from text in the test to events in a memory store.

mod formats;
mod loading;
mod mappings;

use annals::in_full;

use super::*;

/// A mapping of columns `id`, `what` and others.
fn mapping() -> Mapping {
    Mapping {
        stream: Some("case-{id}".parse().unwrap()),
        event_type: Some("{what}".parse().unwrap()),
        ..Mapping::default()
    }
}

/// A record, or why it is none, on one line.
fn shown(record: &Result<Record, BadRecord>) -> String {
    match record {
        Ok(record) => format!(
            "{} {} {} {}",
            record.line,
            record.stream,
            record.event.event_type,
            String::from_utf8_lossy(&record.event.data)
        ),
        Err(bad) => bad.to_string(),
    }
}

fn check(bytes: impl AsRef<[u8]>, mapping: &Mapping, expected: &[&str]) {
    let records = parse_all(bytes.as_ref(), mapping).unwrap();
    assert_eq!(records.iter().map(shown).collect::<Vec<_>>(), expected);
}

/// What makes a whole file unreadable.
fn refused(bytes: impl AsRef<[u8]>, mapping: &Mapping) -> String {
    in_full(&parse_all(bytes.as_ref(), mapping).unwrap_err())
}

/// The only event of a file.
fn event(text: &str, mapping: &Mapping) -> annals::NewEvent {
    parse_all(text.as_bytes(), mapping).unwrap().pop().unwrap().unwrap().event
}
