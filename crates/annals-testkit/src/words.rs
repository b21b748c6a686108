//! Short words for the vocabulary, so that cases read like sentences.

use annals_core::{
    Category, EventId, EventType, ExpectedVersion, Metadata, Name, NewEvent, Position, Query,
    QueryItem, StateKey, StateKind, StreamName, Tag, Tags, Version,
};

/// A microsecond count of some seconds.
pub(crate) const SECOND: i64 = 1_000_000;

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::new(name.to_owned()).expect("the name of a stream is good")
}

pub(crate) fn category(name: &str) -> Category {
    Category::new(name.to_owned()).expect("the name of a category is good")
}

pub(crate) fn event_type(name: &str) -> EventType {
    EventType::new(name.to_owned()).expect("the name of a type is good")
}

pub(crate) fn tag(text: &str) -> Tag {
    Tag::new(text.to_owned()).expect("the tag is good")
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text.to_owned()).expect("the name is good")
}

pub(crate) fn key(kind: StateKind, text: &str) -> StateKey {
    StateKey { kind, name: name(text) }
}

pub(crate) const fn version(number: u64) -> Version {
    Version::new(number)
}

pub(crate) const fn at(number: u64) -> ExpectedVersion {
    ExpectedVersion::Exact(Version::new(number))
}

/// An event with an id of its own.
pub(crate) fn event(of_type: &str) -> NewEvent {
    NewEvent::new(event_type(of_type), "{}")
}

pub(crate) fn events<const N: usize>(types: [&str; N]) -> [NewEvent; N] {
    types.map(event)
}

/// Many events of one type.
pub(crate) fn many(count: usize, of_type: &str) -> Vec<NewEvent> {
    let event_type = event_type(of_type);
    (0..count).map(|_| NewEvent::new(event_type.clone(), "{}")).collect()
}

pub(crate) fn tagged<const N: usize>(of_type: &str, tags: [&str; N]) -> NewEvent {
    event(of_type).with_tags(Tags::new(tags.map(tag)).expect("the tags are good"))
}

pub(crate) fn correlated(of_type: &str, id: &str) -> NewEvent {
    event(of_type).with_metadata(Metadata::new(format!(r#"{{"$correlationId":"{id}"}}"#)))
}

/// The id that always follows from a number, never that of another.
pub(crate) fn id(number: u64) -> EventId {
    EventId::from_stored(((7_u128 << 64) | u128::from(number)).to_be_bytes())
}

pub(crate) fn of_types<const N: usize>(types: [&str; N]) -> QueryItem {
    QueryItem::types(types.map(event_type))
}

pub(crate) fn with_tags<const N: usize>(tags: [&str; N]) -> QueryItem {
    QueryItem::tags(tags.map(tag))
}

pub(crate) fn any_of<const N: usize>(items: [QueryItem; N]) -> Query {
    Query::any_of(items).expect("the query is good")
}

pub(crate) fn types<const N: usize>(types: [&str; N]) -> Query {
    any_of([of_types(types)])
}

pub(crate) fn tags<const N: usize>(tags: [&str; N]) -> Query {
    any_of([with_tags(tags)])
}

pub(crate) const fn just_before(position: Position) -> Option<Position> {
    match position.get().checked_sub(1) {
        Some(number) => Some(Position::new(number)),
        None => None,
    }
}
