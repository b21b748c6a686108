//! Ours, by the contract that every backend keeps.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use annals_core::{
    Append, Backend, BoxFuture, Delivery, ExpectedVersion, Position, Query, QueryItem, Read,
    ReadAll, ReadStream, StreamName, Subscribe, SubscribeStart, Tag,
};
use futures_util::StreamExt;

use super::store::{Deed, Deliveries, Store, Work};
use crate::problem::Result;

pub(crate) struct Ours {
    name: &'static str,
    target: fn(Deed) -> Option<f64>,
    backend: Arc<dyn Backend>,
    /// The position of the last event that was stored here.
    last: AtomicU64,
}

impl Ours {
    pub(crate) fn new(name: &'static str, backend: Arc<dyn Backend>) -> Self {
        Self { name, target: |_| None, backend, last: AtomicU64::new(0) }
    }

    /// The same as a contender that ours is compared with.
    pub(crate) fn with_target(self, target: fn(Deed) -> Option<f64>) -> Self {
        Self { target, ..self }
    }

    fn count(&self, read: impl Into<Read>) -> Work<'_> {
        let read = read.into();
        Box::pin(async move {
            let mut events = self.backend.read(read);
            let mut count = 0;
            while let Some(event) = events.next().await {
                std::hint::black_box(event?);
                count += 1;
            }
            Ok(count)
        })
    }
}

fn tagged(tag: &Tag) -> Result<Query> {
    Ok(Query::any_of([QueryItem::tags([tag.clone()])])?)
}

impl Store for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn target(&self, deed: Deed) -> Option<f64> {
        (self.target)(deed)
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        let count = append.event_count() as u64;
        Ok(Box::pin(async move {
            let appended = self.backend.append(append).await?;
            let position = appended.position.ok_or("an append has no position")?;
            self.last.fetch_max(position.get(), Ordering::Relaxed);
            Ok(count)
        }))
    }

    fn load(&self, stream: &StreamName) -> Work<'_> {
        self.count(ReadStream::new(stream.clone()))
    }

    fn read_all(&self) -> Work<'_> {
        self.count(ReadAll::new(Query::all()))
    }

    fn read_tag(&self, tag: &Tag) -> Work<'_> {
        match tagged(tag) {
            Ok(query) => self.count(ReadAll::new(query)),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn append_unless(&self, mut append: Append, tag: &Tag) -> Result<Work<'_>> {
        for write in &mut append.writes {
            write.expected = ExpectedVersion::Any;
        }
        let last = Position::new(self.last.load(Ordering::Relaxed));
        self.append(append.unless(tagged(tag)?, Some(last)))
    }

    fn catch_up(&self, _events: u64) -> Work<'_> {
        let from_first = Subscribe::all(Query::all(), SubscribeStart::Beginning);
        Box::pin(async move {
            let mut deliveries = self.backend.subscribe(from_first);
            let mut count = 0;
            while let Some(delivery) = deliveries.next().await {
                match delivery? {
                    Delivery::Event(event) => {
                        std::hint::black_box(event);
                        count += 1;
                    }
                    Delivery::CaughtUp { .. } => return Ok(count),
                    Delivery::FellBehind { .. } | Delivery::Checkpoint(_) => {}
                }
            }
            Err("the subscription ended".into())
        })
    }

    fn follow(&self) -> BoxFuture<'_, Result<Deliveries<'_>>> {
        let from_now = Subscribe::all(Query::all(), SubscribeStart::End);
        Box::pin(async move {
            let mut deliveries = self.backend.subscribe(from_now);
            match deliveries.next().await {
                Some(Ok(Delivery::CaughtUp { .. })) => {}
                Some(Err(error)) => return Err(error.into()),
                _ => return Err("the subscription did not begin at the end".into()),
            }
            let events = deliveries.filter_map(|delivery| async move {
                match delivery {
                    Ok(Delivery::Event(_)) => Some(Ok(1)),
                    Ok(_) => None,
                    Err(error) => Some(Err(error.into())),
                }
            });
            let events: Deliveries<'_> = Box::pin(events);
            Ok(events)
        })
    }
}
