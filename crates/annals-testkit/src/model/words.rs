//! What the small numbers in operations stand for.

use annals_core::{
    Category, ContentType, EventType, Metadata, Name, NewEvent, Query, QueryItem, StreamMetadata,
    StreamName, StreamSelector, Tag, Tags, Timestamp,
};
use bytes::Bytes;

use super::op::{EventOp, ItemOp, Selector, Target};
use crate::{store::BEGINNING, words};

const STREAMS: [&str; 5] = ["a-1", "a-2", "b-1", "b", "$a-1"];
const CATEGORIES: [&str; 5] = ["a", "b", "$a", "$$a", "c"];

fn one_of(names: [&'static str; 5], number: u8) -> &'static str {
    names.get(usize::from(number)).copied().unwrap_or("other")
}

pub(super) fn stream(number: u8) -> StreamName {
    words::stream(one_of(STREAMS, number))
}

pub(super) fn target(target: Target) -> StreamName {
    let stream = stream(target.stream);
    if !target.is_settings {
        return stream;
    }
    stream.metastream().expect("an ordinary stream has a metastream")
}

pub(super) fn category(number: u8) -> Category {
    words::category(one_of(CATEGORIES, number))
}

fn event_type(number: u8) -> EventType {
    words::event_type(&format!("type-{number}"))
}

fn tag(number: u8) -> Tag {
    words::tag(&format!("tag:{number}"))
}

fn correlation(number: u8) -> String {
    format!("correlation-{number}")
}

pub(super) fn name(number: u8) -> Name {
    words::name(&format!("name-{number}"))
}

pub(super) fn query(items: &[ItemOp]) -> Query {
    let items = items.iter().map(|item| QueryItem {
        types: item.types.iter().copied().map(event_type).collect(),
        tags: item.tags.iter().copied().map(tag).collect(),
        streams: item.streams.iter().copied().map(selector).collect(),
        correlation: item.correlation.map(|number| correlation(number).into()),
    });
    Query::any_of(items).expect("the query is small")
}

fn selector(selector: Selector) -> StreamSelector {
    match selector {
        Selector::Stream(of) => StreamSelector::Stream(target(of)),
        Selector::Category(number) => StreamSelector::Category(category(number)),
    }
}

/// The event, with the id that counts as its own.
pub(super) fn event(op: &EventOp, id: u64) -> NewEvent {
    let metadata = op.correlation.map_or_else(Metadata::none, |number| {
        Metadata::new(format!(r#"{{"$correlationId":"{}"}}"#, correlation(number)))
    });
    NewEvent {
        id: words::id(id),
        event_type: event_type(op.of_type),
        schema_version: 1 + u32::from(op.of_type),
        data: Bytes::from(vec![op.of_type; usize::from(op.bytes)]),
        content_type: if op.bytes.is_multiple_of(2) {
            ContentType::Binary
        } else {
            ContentType::Json
        },
        metadata,
        tags: Tags::new(op.tags.iter().copied().map(tag)).expect("the tags are few"),
        time: op.time.map(|seconds| {
            let micros = i64::from(seconds) * words::SECOND;
            Timestamp::from_micros(BEGINNING.as_micros() + micros)
        }),
    }
}

/// Settings as an event with an id that counts as its own.
pub(super) fn settings_event(metadata: &StreamMetadata, id: u64) -> NewEvent {
    metadata.to_event(words::id(id))
}
