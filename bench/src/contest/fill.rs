//! The same events for everybody, before anything is measured.

use std::collections::BTreeMap;

use annals_core::{Append, ExpectedVersion, NewEvent, StreamName, Tag, Tags};

use super::store::Store;
use crate::{
    engine::bench::SHARED_SEED,
    problem::Result,
    workload::{Ids, STREAM_EVENTS, Workload},
};

/// Events of the streams that are loaded.
pub(crate) const LONG: u64 = 50;
/// Events of a tag that is read.
pub(crate) const TAG_EVENTS: u64 = 10;
/// One stream in so many is a long one.
const LONG_EVERY: usize = 20;
/// Events in an append.
const BATCH: u64 = 1_000;

/// What the stores are filled with.
#[derive(Debug)]
pub(crate) struct Fill {
    /// How many events.
    pub(crate) events: u64,
    /// The streams of [`LONG`] events.
    pub(crate) streams: Vec<StreamName>,
    /// The tags that [`TAG_EVENTS`] events have.
    pub(crate) tags: Vec<Tag>,
}

impl Fill {
    /// Makes at least this many events.
    pub(crate) fn new(events: u64) -> Result<(Self, Vec<Append>)> {
        let workload = Workload::new(SHARED_SEED).with_ids(Ids::Default);
        let mut source = Source { workload, customers: BTreeMap::new() };
        let (mut streams, mut appends, mut made) = (Vec::new(), Vec::new(), 0);
        while made < events {
            let append = source.batch(&mut streams)?;
            made += append.event_count() as u64;
            appends.push(append);
        }
        let with_ten = source.customers.into_iter().filter(|(_, count)| *count == TAG_EVENTS);
        let tags = with_ten.map(|(tag, _)| tag).collect();
        Ok((Self { events: made, streams, tags }, appends))
    }
}

/// Puts the events into a store.
pub(crate) async fn put(store: &dyn Store, appends: &[Append]) -> Result<()> {
    for append in appends {
        store.append(append.clone())?.await?;
    }
    Ok(())
}

struct Source {
    workload: Workload,
    /// How many events each shared tag has.
    customers: BTreeMap<Tag, u64>,
}

impl Source {
    /// Whole streams, some of them long.
    fn batch(&mut self, long: &mut Vec<StreamName>) -> Result<Append> {
        let mut append = Append::default();
        let mut count = 0;
        while count < BATCH {
            let is_long = append.writes.len().is_multiple_of(LONG_EVERY);
            let length = if is_long { LONG } else { STREAM_EVENTS };
            let stream = StreamName::new(format!("filled-{:08}", self.workload.made()))?;
            let events = (0..length).map(|_| self.event()).collect::<Result<Vec<_>>>()?;
            if is_long {
                long.push(stream.clone());
            }
            append = append.and(stream, ExpectedVersion::NoStream, events);
            count += length;
        }
        Ok(append)
    }

    fn event(&mut self) -> Result<NewEvent> {
        let event = self.workload.event()?;
        if let Some(customer) = customer(&event.tags) {
            *self.customers.entry(customer.clone()).or_default() += 1;
        }
        Ok(event)
    }
}

/// The shared tag among these.
pub(crate) fn customer(tags: &Tags) -> Option<&Tag> {
    tags.as_slice().iter().find(|tag| tag.as_str().starts_with("customer:"))
}
