//! Streams that nobody writes: lists of what is stored elsewhere, made on reading.
//!
//! | Stream | Its events |
//! | --- | --- |
//! | `$ce-C` | a link to each event in streams of the category `C` |
//! | `$et-T` | a link to each event of the type `T` |
//! | `$bc-I` | a link to each event with the correlation id `I` |
//! | `$streams` | a link to the first event of each stream |
//! | `$category-C` | a reference to each stream of the category `C` |
//!
//! Other servers write these links as events of their own and store everything a second time. Here
//! the index knows the lists already. A link's version is its place in the list, from 0, and its
//! position is that of the event it leads to; so it is the same on every read, as its id is, which
//! follows from both. `$all` holds none of them.

mod link;
mod list;
mod marks;
mod names;

use std::sync::Arc;

use annals_core::{
    Backend, BoxStream, Category, Delivery, Direction, Error, EventType, Query, QueryItem,
    ReadStream, RecordedEvent, Result, StreamName, SubscribeStart, Version, limits,
};
use futures_lite::{StreamExt, stream};

use self::{
    link::{Kind, Links},
    list::List,
    marks::Marks,
    names::Names,
};

/// What derived streams are made from.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) store: Arc<dyn Backend>,
    /// Where readers are in long lists.
    marks: Arc<Marks>,
}

impl Index {
    pub(crate) fn new(store: Arc<dyn Backend>) -> Self {
        Self { store, marks: Arc::default() }
    }
}

/// A derived stream.
#[derive(Debug)]
pub(crate) struct Derived {
    stream: StreamName,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// Events that match a query.
    Events(Query),
    /// The first events of all streams, or of those of a category.
    Streams(Option<Category>),
}

/// A subscription to a derived stream.
pub(crate) struct Followed {
    /// What it gives; its events are links.
    pub(crate) deliveries: BoxStream<'static, Result<Delivery>>,
    /// The version up to which the list is known when the subscription begins.
    pub(crate) reached: Option<Version>,
}

/// How many events are counted to say how long a list is, when nobody needs to know.
const COUNTED_MAX: u64 = 4_096;

/// Events of the store with their places in a list.
type Places = BoxStream<'static, Result<(u64, RecordedEvent)>>;

impl Derived {
    /// The derived stream of a name; `None` for names of ordinary streams.
    pub(crate) fn of(stream: &StreamName) -> Option<Self> {
        let name = stream.as_str();
        let source = if name == "$streams" {
            Source::Streams(None)
        } else if let Some(category) = name.strip_prefix("$ce-") {
            Source::Events(one(QueryItem::category(Category::new(category.to_owned()).ok()?))?)
        } else if let Some(event_type) = name.strip_prefix("$et-") {
            Source::Events(one(QueryItem::types([EventType::new(event_type.to_owned()).ok()?]))?)
        } else if let Some(id) = name.strip_prefix("$bc-") {
            if id.is_empty() || id.len() > limits::CORRELATION_BYTES_MAX {
                return None;
            }
            let correlation = Some(id.to_owned().into());
            Source::Events(one(QueryItem { correlation, ..QueryItem::default() })?)
        } else {
            let category = name.strip_prefix("$category-")?;
            Source::Streams(Some(Category::new(category.to_owned()).ok()?))
        };
        Some(Self { stream: stream.clone(), source })
    }

    /// Reads a stretch of it. An empty list is no stream: the first item is `StreamNotFound` then.
    ///
    /// # Errors
    /// What reading met.
    pub(crate) async fn read(
        &self,
        index: &Index,
        read: &ReadStream,
    ) -> Result<BoxStream<'static, Result<RecordedEvent>>> {
        let from = read.from.map(Version::get);
        let count = read.limit.unwrap_or(u64::MAX);
        let places = match (&self.source, read.direction) {
            (Source::Events(query), Direction::Forward) => {
                self.list(index, query).forward(from.unwrap_or(0), count)
            }
            (Source::Events(query), Direction::Backward) => {
                self.list(index, query).backward(from, count).await?
            }
            (Source::Streams(category), Direction::Forward) => {
                Names::new(index, category.clone()).forward(from.unwrap_or(0), count)
            }
            (Source::Streams(category), Direction::Backward) => {
                Names::new(index, category.clone()).backward(from, count).await?
            }
        };
        let mut places = places.fuse();
        let first = places.next().await.transpose()?;
        if first.is_none() && self.is_empty(index).await? {
            return Err(Error::stream_not_found(&self.stream));
        }
        let links = self.links();
        let places = stream::iter(first.map(Ok)).chain(places);
        Ok(places
            .map(move |place| {
                let (ordinal, target) = place?;
                Ok(links.link(ordinal, &target))
            })
            .boxed())
    }

    /// The version of its last event; `None` while it is empty, and where it is not known yet and
    /// would take long to count. Whoever reads the list is counting on.
    ///
    /// # Errors
    /// What reading met.
    pub(crate) async fn last(&self, index: &Index) -> Result<Option<Version>> {
        let last = match &self.source {
            Source::Events(query) => {
                let last = self.list(index, query).last_within(COUNTED_MAX).await?;
                last.map(|(ordinal, _)| ordinal)
            }
            Source::Streams(category) => {
                Names::new(index, category.clone()).count().await?.checked_sub(1)
            }
        };
        Ok(last.map(Version::new))
    }

    /// Follows it.
    ///
    /// # Errors
    /// What finding the place to begin at met.
    pub(crate) async fn follow(
        &self,
        index: &Index,
        start: SubscribeStart<Version>,
    ) -> Result<Followed> {
        let links = self.links();
        match &self.source {
            Source::Events(query) => self.list(index, query).follow(start, links).await,
            Source::Streams(category) => {
                Names::new(index, category.clone()).follow(start, links).await
            }
        }
    }

    async fn is_empty(&self, index: &Index) -> Result<bool> {
        let mut first = match &self.source {
            Source::Events(query) => self.list(index, query).forward(0, 1),
            Source::Streams(category) => Names::new(index, category.clone()).forward(0, 1),
        };
        Ok(first.next().await.transpose()?.is_none())
    }

    fn list(&self, index: &Index, query: &Query) -> List {
        List::new(index, query.clone(), index.marks.of(&self.stream))
    }

    fn links(&self) -> Links {
        let kind = match self.source {
            Source::Events(_) | Source::Streams(None) => Kind::Link,
            Source::Streams(Some(_)) => Kind::Reference,
        };
        Links { stream: self.stream.clone(), kind }
    }
}

/// Refuses to write to a stream that is derived, or to delete it.
///
/// # Errors
/// `InvalidArgument`.
pub(crate) fn refuse_write(stream: &StreamName) -> Result<()> {
    if Derived::of(stream).is_none() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "stream `{stream}` is made from the index on reading and can be neither written nor deleted"
    )))
}

fn one(item: QueryItem) -> Option<Query> {
    Query::any_of([item]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_derived_streams_are_told_from_others() {
        let derived = |name: &'static str| refuse_write(&StreamName::new(name).unwrap()).is_err();
        for name in ["$ce-account", "$et-opened", "$et-$>", "$bc-1-2", "$streams", "$category-a"] {
            assert!(derived(name), "{name}");
        }
        for name in ["$ce-", "$ce-a-b", "$et-", "$bc-", "account-1", "$$$ce-account", "$stream"] {
            assert!(!derived(name), "{name}");
        }
    }
}
