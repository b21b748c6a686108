//! One aggregate within a boundary: which events are its own.

use annals_core::{
    Category, EventType, Query, QueryItem, Result, StreamName, StreamSelector, Tag, Tags,
};

use super::{Aggregate, Scope, Unknown};
use crate::{Event, EventSchema};

/// One aggregate of a boundary, named by its key: where its events are found, and where new ones
/// go.
#[derive(Debug, Clone)]
pub struct Part {
    /// The stream that takes what this aggregate emits.
    pub(crate) stream: StreamName,
    /// The tag its events carry, for [`Scope::Tag`].
    pub(crate) tag: Option<Tag>,
    /// The event types its fold knows.
    pub(crate) types: &'static [EventSchema],
    pub(crate) unknown: Unknown,
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
        let tag = match A::SCOPE {
            Scope::Stream => None,
            Scope::Tag => Some(Tag::new(format!("{category}:{id}"))?),
        };
        Ok(Self { stream, tag, types: A::Event::TYPES, unknown: A::UNKNOWN })
    }

    /// Whether an event of this type, with these tags, in this stream, is one of its own.
    pub(crate) fn holds(&self, stream: &StreamName, tags: &Tags) -> bool {
        match &self.tag {
            None => self.stream == *stream,
            Some(tag) => tags.contains(tag),
        }
    }

    /// Which events to read for it, given the types they may be stored under.
    pub(crate) fn query(&self, stored_types: Vec<EventType>) -> QueryItem {
        // A part that refuses unknown types has to see them.
        let types = match self.unknown {
            Unknown::Skip => stored_types,
            Unknown::Refuse => Vec::new(),
        };
        match &self.tag {
            Some(tag) => QueryItem { types, ..QueryItem::tags([tag.clone()]) },
            None => QueryItem {
                types,
                streams: vec![StreamSelector::Stream(self.stream.clone())],
                ..QueryItem::default()
            },
        }
    }
}

/// The events that any of the parts reads.
pub(crate) fn query(
    parts: &[Part],
    stored_types: impl Fn(&Part) -> Vec<EventType>,
) -> Result<Query> {
    Query::any_of(parts.iter().map(|part| part.query(stored_types(part))))
}
