//! Short words for the vocabulary, so that cases read like sentences.

use annals_core::{
    Append, Appended, Backend, EventType, ExpectedVersion, NewEvent, Query, QueryItem, ReadAll,
    ReadStream, RecordedEvent, Result, StreamName, Tag, Tags,
};
use futures_lite::{StreamExt, future::block_on};

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::new(name.to_owned()).unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    Tag::new(text.to_owned()).unwrap()
}

pub(crate) fn event(data: impl Into<bytes::Bytes>) -> NewEvent {
    NewEvent::new(EventType::new("Happened").unwrap(), data)
}

pub(crate) fn tagged(tags: &[&str]) -> NewEvent {
    event("{}").with_tags(Tags::new(tags.iter().map(|text| tag(text))).unwrap())
}

/// Events with this tag.
pub(crate) fn with_tag(text: &str) -> Query {
    Query::any_of([QueryItem::tags([tag(text)])]).unwrap()
}

/// One event for a stream, whatever its version.
pub(crate) fn any(name: &str, event: NewEvent) -> Append {
    Append::to(stream(name), ExpectedVersion::Any, [event])
}

pub(crate) fn append(store: &dyn Backend, append: Append) -> Result<Appended> {
    block_on(store.append(append))
}

/// Everything that is stored.
pub(crate) fn all(store: &dyn Backend) -> Vec<RecordedEvent> {
    block_on(store.read(ReadAll::new(Query::all()).into()).try_collect()).unwrap()
}

pub(crate) fn read(store: &dyn Backend, name: &str) -> Result<Vec<RecordedEvent>> {
    block_on(store.read(ReadStream::new(stream(name)).into()).try_collect())
}

/// Positions are dense from 0 and times never go back.
#[track_caller]
pub(crate) fn check_order(events: &[RecordedEvent]) {
    for (place, event) in (0..).zip(events) {
        assert_eq!(event.position.get(), place, "positions are dense");
    }
    assert!(events.is_sorted_by_key(|event| event.recorded_at), "times never go back");
}

/// Text that no compression makes smaller, the same for the same seed.
pub(crate) fn noise(length: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut text = String::with_capacity(length);
    while text.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&format!("{state:016x}"));
    }
    text.truncate(length);
    text
}
