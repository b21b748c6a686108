//! The first events of all streams, as a list with places.
//!
//! The store lists the names of streams in the order in which they were begun, from the first one
//! only; so a place is reached by counting names. Events are read of those that are given alone.

use std::sync::Arc;

use annals_core::{
    Backend, BoxStream, Category, Delivery, Position, Query, QueryItem, Read, ReadAll,
    RecordedEvent, Result, StreamName, StreamSelector, Subscribe, SubscribeStart, Version,
};
use futures_lite::{StreamExt, stream};
use futures_util::stream::unfold;

use super::Index;
use super::{Followed, Places, link::Links};

/// How many names are held at once by a reader that goes back.
const WINDOW: u64 = 8_192;

/// A list.
#[derive(Clone)]
pub(super) struct Names {
    store: Arc<dyn Backend>,
    category: Option<Category>,
}

impl Names {
    pub(super) fn new(index: &Index, category: Option<Category>) -> Self {
        Self { store: Arc::clone(&index.store), category }
    }

    /// The events from a place on, at most so many.
    pub(super) fn forward(&self, from: u64, count: u64) -> Places {
        let names = self.names(from, count).enumerate();
        let names = names.map(move |(index, name)| Ok((from + index as u64, name?)));
        first_events(Arc::clone(&self.store), names.boxed())
    }

    /// The events from a place down, or from the last one, at most so many.
    pub(super) async fn backward(&self, from: Option<u64>, count: u64) -> Result<Places> {
        let all = self.count().await?;
        let end = from.map_or(all, |from| from.saturating_add(1).min(all));
        let names = unfold((self.clone(), end, count.min(end)), |(list, end, left)| async move {
            let size = left.min(WINDOW);
            if size == 0 {
                return None;
            }
            let begin = end - size;
            let names: Result<Vec<_>> = list.names(begin, size).try_collect().await;
            let names = match names {
                Ok(names) => {
                    let places = (begin..end).zip(names).map(Ok);
                    let mut places = places.collect::<Vec<_>>();
                    places.reverse();
                    stream::iter(places).boxed()
                }
                Err(error) => stream::once(Err(error)).boxed(),
            };
            Some((names, (list, begin, left - size)))
        });
        Ok(first_events(Arc::clone(&self.store), names.flatten().boxed()))
    }

    /// How many there are.
    pub(super) async fn count(&self) -> Result<u64> {
        let mut names = self.store.streams(self.category.clone());
        let mut count = 0;
        while names.next().await.transpose()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// Follows the list, giving the events that stand in it.
    ///
    /// What is there is listed, what comes are the events that begin a stream. The listing may
    /// hold streams that were begun after the head was asked for; the position of the last one
    /// tells which.
    pub(super) async fn follow(
        &self,
        start: SubscribeStart<Version>,
        links: Links,
    ) -> Result<Followed> {
        let head = self.store.head().await?;
        let all = self.count().await?;
        let known = match all.checked_sub(1) {
            Some(last) => self.forward(last, 1).next().await.transpose()?,
            None => None,
        };
        let known = known.map(|(_, event)| event.position);
        let (from, wanted) = match start {
            SubscribeStart::Beginning => (0, 0),
            SubscribeStart::After(version) => {
                let wanted = version.get().saturating_add(1);
                (wanted.min(all), wanted)
            }
            SubscribeStart::End => (all, all),
        };
        let reached = from.checked_sub(1).map(Version::new);
        let maker = links.clone();
        let there = self.forward(from, all - from).map(move |place| {
            let (ordinal, event) = place?;
            Ok(Delivery::Event(maker.link(ordinal, &event)))
        });
        let comes = self.comes(head).filter_map({
            let mut next = all;
            move |delivery| match delivery {
                Ok(Delivery::Event(event)) => {
                    let begins = event.version == Version::FIRST
                        && known.is_none_or(|known| event.position > known);
                    if !begins {
                        return None;
                    }
                    let ordinal = next;
                    next += 1;
                    (ordinal >= wanted).then(|| Ok(Delivery::Event(links.link(ordinal, &event))))
                }
                other => Some(other),
            }
        });
        Ok(Followed { deliveries: there.chain(comes).boxed(), reached })
    }

    fn comes(&self, head: Option<Position>) -> BoxStream<'static, Result<Delivery>> {
        let query = match self.category.clone() {
            Some(category) => super::one(QueryItem::category(category)),
            None => None,
        };
        let start = head.map_or(SubscribeStart::Beginning, SubscribeStart::After);
        self.store.subscribe(Subscribe::all(query.unwrap_or_else(Query::all), start))
    }

    fn names(&self, from: u64, count: u64) -> BoxStream<'static, Result<StreamName>> {
        let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
        self.store.streams(self.category.clone()).skip(number(from)).take(number(count)).boxed()
    }
}

/// The first event of each stream, with the place of the stream. Retention does not hide it: it is
/// only asked where it stands.
fn first_events(
    store: Arc<dyn Backend>,
    names: BoxStream<'static, Result<(u64, StreamName)>>,
) -> Places {
    let events = names.then(move |place| {
        let store = Arc::clone(&store);
        async move {
            let (ordinal, name) = place?;
            let event = first_event(store.as_ref(), name).await?;
            Ok(event.map(|event| (ordinal, event)))
        }
    });
    events.filter_map(Result::transpose).boxed()
}

async fn first_event(store: &dyn Backend, stream: StreamName) -> Result<Option<RecordedEvent>> {
    let streams = vec![StreamSelector::Stream(stream)];
    let query = Query::any_of([QueryItem { streams, ..QueryItem::default() }])?;
    store.read(Read::All(ReadAll::new(query).limit(1))).next().await.transpose()
}
