//! Values that are hard to quote, hard to store or as large as they may be.

use annals_core::{
    Append, Backend, ContentType, ErrorKind, EventType, ExpectedVersion, Metadata, NewEvent, Query,
    QueryItem, ReadAll, RecordedEvent, Tags, limits,
};
use annals_postgres::Options;
use futures_lite::{StreamExt, future::block_on};

use crate::{
    bed::Bed,
    words::{any, append, event, noise, read, stream, tag, with_tag},
};

/// Words that mean something to SQL, to arrays, to JSON or to a terminal.
const WORDS: &[&str] = &[
    "NULL",
    "null",
    "",
    "''",
    "'; DROP TABLE events; --",
    "\"",
    "\\",
    "\\\\\"",
    "{",
    "}",
    "{}",
    "{a,b}",
    ",",
    "\"NULL\"",
    " ",
    "a b",
    "$1",
    "%s",
    "\u{feff}",
    "\u{202e}",
    "\u{10fffe}",
    "\u{1f600}",
    "e\u{301}",
    "\\x00",
    "\u{10ffff}",
    "\u{10ffff}0",
];

fn found(store: &dyn Backend, query: Query) -> Vec<RecordedEvent> {
    block_on(store.read(ReadAll::new(query).into()).try_collect()).unwrap()
}

pub(crate) fn hostile_words(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    let words: Vec<&str> = WORDS.iter().copied().filter(|word| !word.is_empty()).collect();
    // Each word as a tag of its own event, and all of them on one event.
    let every = Tags::new(words.iter().map(|word| tag(word))).unwrap();
    append(&*place, any("all-1", event("{}").with_tags(every))).unwrap();
    for word in &words {
        let name = format!("word-{word}");
        let event_type = EventType::new((*word).to_owned()).unwrap();
        let new = NewEvent::new(event_type, serde_json::to_vec(word).unwrap())
            .with_tags(Tags::new([tag(word)]).unwrap());
        append(&*place, any(&name, new.clone())).unwrap();
        let [stored] = &read(&*place, &name).unwrap()[..] else { panic!("one event of `{word}`") };
        assert_eq!((&stored.event_type, &stored.tags), (&new.event_type, &new.tags));
        assert_eq!(stored.data, new.data);
        let by_tag = found(&*place, with_tag(word));
        assert_eq!(by_tag.len(), 2, "by the tag `{word}`");
        let types = QueryItem::types([new.event_type.clone()]);
        assert_eq!(found(&*place, Query::any_of([types]).unwrap()), std::slice::from_ref(stored));
        let taken = append(&*place, any(&name, event("{}")).unless(with_tag(word), None));
        assert_eq!(taken.unwrap_err().kind(), ErrorKind::ConditionFailed);
    }
    correlations(&*place);
    None
}

/// Correlation ids may hold NUL, and those that are nearly equal are not equal.
fn correlations(store: &dyn Backend) {
    let longest = "\0".repeat(limits::CORRELATION_BYTES_MAX);
    let ids = ["a\0", "a\u{10ffff}", "a\u{10ffff}0", "a\u{10ffff}1", "a0", "a", "\0", &longest];
    for id in ids {
        let metadata = serde_json::json!({ "$correlationId": id }).to_string();
        let correlated = event("{}").with_metadata(Metadata::new(metadata.clone()));
        let item = QueryItem { correlation: Some(id.into()), ..QueryItem::default() };
        let query = Query::any_of([item]).unwrap();
        let request = any("correlated-1", correlated).unless(query.clone(), None);
        append(store, request.clone()).unwrap();
        let [stored] = &found(store, query)[..] else { panic!("one event of {id:?}") };
        assert_eq!(stored.metadata.correlation().map(|id| &**id), Some(id));
        assert_eq!(stored.metadata.as_bytes(), metadata.as_bytes());
    }
}

pub(crate) fn largest_appends(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    let room = limits::EVENT_BYTES_MAX - "Happened".len();
    let json = |seed| event(format!("\"{}\"", noise(room - 2, seed)));
    let binary = |seed| NewEvent {
        content_type: ContentType::Binary,
        ..event(noise(room, seed).into_bytes())
    };
    let largest = [json(1), binary(2), json(3), binary(4)];
    let request = Append::to(stream("large-1"), ExpectedVersion::NoStream, largest.clone());
    append(&*place, request).unwrap();
    let stored = read(&*place, "large-1").unwrap();
    assert!(stored.iter().map(|event| &event.data).eq(largest.iter().map(|event| &event.data)));
    let wide = (0..limits::APPEND_STREAMS_MAX).fold(Append::default(), |append, number| {
        append.and(stream(&format!("wide-{number}")), ExpectedVersion::NoStream, [event("{}")])
    });
    let done = append(&*place, wide.clone()).unwrap();
    assert_eq!(done.streams.len(), limits::APPEND_STREAMS_MAX);
    assert!(append(&*place, wide).unwrap().duplicate, "sent again it is recognised");
    let last = format!("wide-{}", limits::APPEND_STREAMS_MAX - 1);
    assert_eq!(read(&*place, &last).unwrap().len(), 1);
    None
}
