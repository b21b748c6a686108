//! Queries: which events of the whole store.

use bytestring::ByteString;

use crate::{
    Category, Error, EventType, NewEvent, RecordedEvent, Result, StreamName, Tag, Tags, limits,
};

/// Which events: those that match any of the items, or all of them.
///
/// An item matches when the event's type is one of its types, its tags contain all of the item's
/// tags, and its stream is one of the item's streams or in one of its categories. A part that is
/// left empty matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    items: Vec<QueryItem>,
}

/// One alternative of a [`Query`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryItem {
    /// One of these types.
    pub types: Vec<EventType>,
    /// All of these tags.
    pub tags: Vec<Tag>,
    /// One of these streams or categories.
    pub streams: Vec<StreamSelector>,
    /// This correlation id.
    pub correlation: Option<ByteString>,
}

/// A stream or a whole category.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StreamSelector {
    /// This stream.
    Stream(StreamName),
    /// Every stream of this category.
    Category(Category),
}

impl Query {
    /// Every event.
    #[must_use]
    pub const fn all() -> Self {
        Self { items: Vec::new() }
    }

    /// The events that match any of the items. Without items, or with an item that asks for
    /// nothing, that is every event.
    ///
    /// # Errors
    /// More than [`limits::QUERY_ITEMS_MAX`] items, or more than
    /// [`limits::QUERY_ITEM_TERMS_MAX`] terms in one.
    pub fn any_of(items: impl IntoIterator<Item = QueryItem>) -> Result<Self> {
        let mut items: Vec<QueryItem> = items.into_iter().collect();
        if items.len() > limits::QUERY_ITEMS_MAX {
            let max = limits::QUERY_ITEMS_MAX;
            return Err(Error::too_large("the number of query items", items.len(), max));
        }
        for item in &items {
            let terms = item.types.len() + item.tags.len() + item.streams.len();
            if terms > limits::QUERY_ITEM_TERMS_MAX {
                let max = limits::QUERY_ITEM_TERMS_MAX;
                return Err(Error::too_large("the number of terms in a query item", terms, max));
            }
        }
        if items.iter().any(QueryItem::asks_nothing) {
            items.clear();
        }
        Ok(Self { items })
    }

    /// The items; none means every event.
    #[must_use]
    pub fn items(&self) -> &[QueryItem] {
        &self.items
    }

    /// Whether every event matches.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether an event matches.
    #[must_use]
    pub fn matches(&self, event: &RecordedEvent) -> bool {
        self.is_all() || self.items.iter().any(|item| item.matches(event))
    }

    /// Whether an event that goes to a stream will match.
    #[must_use]
    pub fn matches_new(&self, stream: &StreamName, event: &NewEvent) -> bool {
        let terms = Terms {
            stream,
            event_type: &event.event_type,
            tags: &event.tags,
            correlation: event.metadata.correlation(),
        };
        self.is_all() || self.items.iter().any(|item| item.matches_terms(&terms))
    }
}

/// What a query can ask of an event.
struct Terms<'a> {
    stream: &'a StreamName,
    event_type: &'a EventType,
    tags: &'a Tags,
    correlation: Option<&'a ByteString>,
}

impl QueryItem {
    /// Events of one of these types.
    pub fn types(types: impl IntoIterator<Item = EventType>) -> Self {
        Self { types: types.into_iter().collect(), ..Self::default() }
    }

    /// Events with all of these tags.
    pub fn tags(tags: impl IntoIterator<Item = Tag>) -> Self {
        Self { tags: tags.into_iter().collect(), ..Self::default() }
    }

    /// Events of one category.
    #[must_use]
    pub fn category(category: Category) -> Self {
        Self { streams: vec![StreamSelector::Category(category)], ..Self::default() }
    }

    fn asks_nothing(&self) -> bool {
        self.types.is_empty()
            && self.tags.is_empty()
            && self.streams.is_empty()
            && self.correlation.is_none()
    }

    /// Whether an event matches.
    #[must_use]
    pub fn matches(&self, event: &RecordedEvent) -> bool {
        self.matches_terms(&Terms {
            stream: &event.stream,
            event_type: &event.event_type,
            tags: &event.tags,
            correlation: event.metadata.correlation(),
        })
    }

    fn matches_terms(&self, event: &Terms<'_>) -> bool {
        let type_matches = self.types.is_empty() || self.types.contains(event.event_type);
        type_matches
            && self.tags.iter().all(|tag| event.tags.contains(tag))
            && (self.streams.is_empty() || self.streams.iter().any(|s| s.matches(event.stream)))
            && (self.correlation.is_none() || self.correlation.as_ref() == event.correlation)
    }
}

impl StreamSelector {
    /// Whether a stream is selected.
    #[must_use]
    pub fn matches(&self, stream: &StreamName) -> bool {
        match self {
            Self::Stream(name) => name == stream,
            Self::Category(category) => stream.category_str() == Some(category.as_str()),
        }
    }
}
