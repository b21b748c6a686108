//! Events to read: many short streams, with tags and a correlation.

use std::ops::Range;

use annals_core::{
    Append, Backend, EventType, ExpectedVersion, NewEvent, Query, QueryItem, ReadAll, ReadStream,
    StreamName, Tag, Tags,
};
use annals_postgres::Postgres;
use futures_lite::{StreamExt, future::block_on};

/// Events of each stream.
pub(crate) const EVENTS: usize = 5;

pub(crate) fn stream(number: usize) -> StreamName {
    StreamName::new(format!("account-{number}")).unwrap()
}

pub(crate) fn event_type(name: &str) -> EventType {
    EventType::new(name.to_owned()).unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    Tag::new(text.to_owned()).unwrap()
}

pub(crate) fn with_tag(text: &str) -> Query {
    Query::any_of([QueryItem::tags([tag(text)])]).unwrap()
}

pub(crate) fn event(number: usize) -> NewEvent {
    let tags = Tags::new([tag(&format!("owner:{}", number % 50))]).unwrap();
    NewEvent::new(event_type(["Opened", "Moved"][number % 2]), "{}").with_tags(tags)
}

/// Appends events to each of these streams.
pub(crate) fn tell(store: &Postgres, streams: Range<usize>) {
    for number in streams {
        let events = (0..EVENTS).map(|_| event(number));
        let begin = Append::to(stream(number), ExpectedVersion::NoStream, events);
        block_on(store.append(begin)).unwrap();
    }
}

/// How many events a read gives.
pub(crate) fn read(store: &Postgres, query: Query, limit: u64) -> usize {
    let read = ReadAll { limit: Some(limit), ..ReadAll::new(query) };
    block_on(store.read(read.into()).try_collect::<_, _, Vec<_>>()).unwrap().len()
}

pub(crate) fn read_stream(store: &Postgres, number: usize) -> usize {
    let read = ReadStream::new(stream(number));
    block_on(store.read(read.into()).try_collect::<_, _, Vec<_>>()).unwrap().len()
}
