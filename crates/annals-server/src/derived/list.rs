//! The events that match a query, as a list with places.

use std::sync::Arc;

use annals_core::{
    Backend, BoxStream, Delivery, Direction, Position, Query, Read, ReadAll, Result, Subscribe,
    SubscribeStart, Version,
};
use futures_lite::{StreamExt, stream};
use parking_lot::Mutex;

use super::Index;
use super::{Followed, Places, link::Links, marks::Counted};

/// A list.
pub(super) struct List {
    store: Arc<dyn Backend>,
    query: Query,
    counted: Arc<Mutex<Counted>>,
}

impl List {
    pub(super) fn new(index: &Index, query: Query, counted: Arc<Mutex<Counted>>) -> Self {
        Self { store: Arc::clone(&index.store), query, counted }
    }

    /// The events from a place on, at most so many.
    pub(super) fn forward(&self, from: u64, count: u64) -> Places {
        let near = self.counted.lock().before(from);
        let (first, position) =
            near.map_or((0, None), |(ordinal, position)| (ordinal, Some(position)));
        let limit = (from - first).saturating_add(count);
        let read =
            ReadAll { from: position, limit: Some(limit), ..ReadAll::new(self.query.clone()) };
        let counted = Arc::clone(&self.counted);
        let places =
            self.store.read(Read::All(read)).enumerate().filter_map(move |(index, event)| {
                let ordinal = first + index as u64;
                match event {
                    Ok(event) => {
                        counted.lock().note(ordinal, event.position);
                        (ordinal >= from).then_some(Ok((ordinal, event)))
                    }
                    Err(error) => Some(Err(error)),
                }
            });
        places.boxed()
    }

    /// The events from a place down, or from the last one, at most so many.
    pub(super) async fn backward(&self, from: Option<u64>, count: u64) -> Result<Places> {
        let begin = match from {
            Some(from) => self.at_most(from).await?,
            None => self.last().await?,
        };
        let Some((last, position)) = begin else { return Ok(stream::empty().boxed()) };
        let read = ReadAll {
            direction: Direction::Backward,
            from: Some(position),
            limit: Some(count),
            ..ReadAll::new(self.query.clone())
        };
        let events = self.store.read(Read::All(read)).enumerate();
        let places = events.map(move |(index, event)| {
            event.map(|event| (last.saturating_sub(index as u64), event))
        });
        Ok(places.boxed())
    }

    /// The last event, for which all that was not counted yet is counted.
    pub(super) async fn last(&self) -> Result<Option<(u64, Position)>> {
        let from = self.counted.lock().furthest().map_or(0, |(ordinal, _)| ordinal);
        let mut places = self.forward(from, u64::MAX);
        let mut last = None;
        while let Some((ordinal, event)) = places.next().await.transpose()? {
            last = Some((ordinal, event.position));
        }
        Ok(last)
    }

    /// The last event, if no more than so many have to be counted for it.
    pub(super) async fn last_within(&self, count: u64) -> Result<Option<(u64, Position)>> {
        let from = self.counted.lock().furthest().map_or(0, |(ordinal, _)| ordinal);
        let mut places = self.forward(from, count);
        let (mut last, mut counted) = (None, 0);
        while let Some((ordinal, event)) = places.next().await.transpose()? {
            last = Some((ordinal, event.position));
            counted += 1;
        }
        Ok(last.filter(|_| counted < count))
    }

    /// The event at a place, or the last one if the list is shorter.
    async fn at_most(&self, ordinal: u64) -> Result<Option<(u64, Position)>> {
        match self.forward(ordinal, 1).next().await.transpose()? {
            Some((ordinal, event)) => Ok(Some((ordinal, event.position))),
            None => self.last().await,
        }
    }

    /// Follows the list, giving the events that stand in it.
    pub(super) async fn follow(
        &self,
        start: SubscribeStart<Version>,
        links: Links,
    ) -> Result<Followed> {
        let (begin, skipped) = match start {
            SubscribeStart::Beginning => (None, None),
            SubscribeStart::After(version) => {
                (self.at_most(version.get()).await?, Some(version.get()))
            }
            SubscribeStart::End => (self.last().await?, None),
        };
        let (mut next, after) = match begin {
            None => (0, SubscribeStart::Beginning),
            Some((ordinal, position)) => (ordinal + 1, SubscribeStart::After(position)),
        };
        let deliveries = self.store.subscribe(Subscribe::all(self.query.clone(), after));
        let counted = Arc::clone(&self.counted);
        let deliveries = deliveries.filter_map(move |delivery| match delivery {
            Ok(Delivery::Event(event)) => {
                let ordinal = next;
                next += 1;
                counted.lock().note(ordinal, event.position);
                // A place that is not there yet was asked for: what comes before it is left out.
                let is_wanted = skipped.is_none_or(|skipped| ordinal > skipped);
                is_wanted.then(|| Ok(Delivery::Event(links.link(ordinal, &event))))
            }
            other => Some(other),
        });
        let reached = begin.map(|(ordinal, _)| Version::new(ordinal));
        let deliveries: BoxStream<'static, _> = deliveries.boxed();
        Ok(Followed { deliveries, reached })
    }
}
