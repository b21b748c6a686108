//! One aggregate within a boundary: which events are its own.

use annals_core::{
    Category, EventType, Query, QueryItem, RecordedEvent, Result, StreamName, StreamSelector, Tag,
    Tags, Version,
};

use super::{Aggregate, Needs, Scope, Unknown};
use crate::{Event, EventSchema};

/// One aggregate of a boundary, named by its key: where its events are found, and where new ones
/// go.
#[derive(Debug, Clone)]
pub struct Part {
    /// The stream that takes what this aggregate emits.
    pub(crate) stream: StreamName,
    pub(crate) reach: Reach,
    pub(crate) needs: Needs,
    /// The event types its fold knows.
    pub(crate) types: &'static [EventSchema],
    pub(crate) unknown: Unknown,
}

/// Where the events of an aggregate are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In its stream, from this version on: what retention hides, or what was there before a
    /// deletion, is not its own any more.
    Stream(Version),
    /// Wherever they have this tag.
    Tag(Tag),
    /// Wherever they have one of its types.
    Types,
}

impl Part {
    /// The part of an aggregate.
    ///
    /// # Errors
    /// `InvalidArgument` when category or key make no valid stream name or tag.
    pub(crate) fn of<A: Aggregate>(key: &A::Key) -> Result<Self> {
        let id = key.to_string();
        let category = Category::new(A::CATEGORY)?;
        let stream = StreamName::new(format!("{category}-{id}"))?;
        let reach = match A::SCOPE {
            Scope::Stream => Reach::Stream(Version::FIRST),
            Scope::Tag => Reach::Tag(Tag::new(format!("{category}:{id}"))?),
            Scope::Types => Reach::Types,
        };
        let (types, unknown) = (A::Event::TYPES, A::UNKNOWN);
        Ok(Self { stream, reach, needs: A::NEEDS, types, unknown })
    }

    /// Whether a new event in this stream, with these tags, is one of its own, if it knows the
    /// type.
    pub(crate) fn holds(&self, stream: &StreamName, tags: &Tags) -> bool {
        match &self.reach {
            Reach::Stream(_) => self.stream == *stream,
            Reach::Tag(tag) => tags.contains(tag),
            Reach::Types => true,
        }
    }

    /// Whether a stored event is one of its own, if it knows the type.
    pub(crate) fn reads(&self, record: &RecordedEvent) -> bool {
        let is_hidden = match &self.reach {
            Reach::Stream(first) => record.version < *first,
            Reach::Tag(_) | Reach::Types => false,
        };
        !is_hidden && self.holds(&record.stream, &record.tags)
    }

    /// Its stream, when that is where its events are.
    pub(crate) const fn own_stream(&self) -> Option<&StreamName> {
        match self.reach {
            Reach::Stream(_) => Some(&self.stream),
            Reach::Tag(_) | Reach::Types => None,
        }
    }

    /// Which events to read for it, given the types they may be stored under.
    pub(crate) fn query(&self, stored_types: Vec<EventType>) -> QueryItem {
        // A part that refuses unknown types has to see them; types alone always tell their events.
        let types = match (self.unknown, &self.reach) {
            (Unknown::Refuse, Reach::Stream(_) | Reach::Tag(_)) => Vec::new(),
            (Unknown::Skip, _) | (_, Reach::Types) => stored_types,
        };
        match &self.reach {
            Reach::Tag(tag) => QueryItem { types, ..QueryItem::tags([tag.clone()]) },
            Reach::Types => QueryItem::types(types),
            Reach::Stream(_) => QueryItem {
                types,
                streams: vec![StreamSelector::Stream(self.stream.clone())],
                ..QueryItem::default()
            },
        }
    }
}

/// The events that any of the parts reads.
pub(crate) fn query<'a>(
    parts: impl IntoIterator<Item = &'a Part>,
    stored_types: impl Fn(&Part) -> Vec<EventType>,
) -> Result<Query> {
    Query::any_of(parts.into_iter().map(|part| part.query(stored_types(part))))
}

/// The events that make a decision on the parts out of date: those that they read, and those
/// that delete or truncate one of their streams.
pub(crate) fn guard_query(
    parts: &[Part],
    stored_types: impl Fn(&Part) -> Vec<EventType>,
) -> Result<Query> {
    let mut settings = QueryItem::default();
    let mut items = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        let mut item = part.query(stored_types(part));
        if let Some(stream) = part.own_stream() {
            if !item.types.is_empty() {
                item.types.push(EventType::STREAM_DELETED);
            }
            settings.streams.extend(stream.metastream().map(StreamSelector::Stream));
        }
        items.push(item);
    }
    if !settings.streams.is_empty() {
        items.push(settings);
    }
    Query::any_of(items)
}
