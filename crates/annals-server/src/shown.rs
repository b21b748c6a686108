//! Which events of the whole store a reader is shown: those they asked for, without those that are
//! for administrators.

use annals_core::{BoxStream, Delivery, Query, Read, ReadAll, RecordedEvent, Result};
use futures_lite::StreamExt;

use crate::{
    access::{Caller, is_secret},
    filter::Filter,
    node::Node,
};

/// Picks events of the whole store for one reader.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    filter: Option<Filter>,
    secrets: Secrets,
}

/// Whether the events with hashes of passwords and keys are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secrets {
    Shown,
    Hidden,
}

/// Reads the whole store for a caller; what is left out does not count against the limit.
pub(crate) fn read_all(
    node: &Node,
    caller: &Caller,
    read: ReadAll,
) -> BoxStream<'static, Result<RecordedEvent>> {
    let Some(shown) = Shown::new(node, caller, None) else {
        return node.store.read(Read::All(read));
    };
    let count = read.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    shown.pick(node.store.read(Read::All(ReadAll { limit: None, ..read }))).take(count).boxed()
}

/// What a subscription to the whole store gives a caller.
pub(crate) fn deliveries(
    node: &Node,
    caller: &Caller,
    deliveries: BoxStream<'static, Result<Delivery>>,
) -> BoxStream<'static, Result<Delivery>> {
    let Some(shown) = Shown::new(node, caller, None) else {
        return deliveries;
    };
    let picked = deliveries.filter_map(move |delivery| match delivery {
        Ok(Delivery::Event(event)) => match shown.passes(&event) {
            Ok(true) => Some(Ok(Delivery::Event(event))),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        },
        other => Some(other),
    });
    picked.boxed()
}

impl Shown {
    /// `None` when the reader is shown everything.
    pub(crate) fn new(node: &Node, caller: &Caller, filter: Option<Filter>) -> Option<Self> {
        let secrets = if node.access.shows_all(caller) { Secrets::Shown } else { Secrets::Hidden };
        (filter.is_some() || secrets == Secrets::Hidden).then_some(Self { filter, secrets })
    }

    /// A query that leaves out as much as an index can.
    pub(crate) fn query(&self) -> Result<Query> {
        self.filter.as_ref().map_or_else(|| Ok(Query::all()), Filter::query)
    }

    /// The events that are shown.
    pub(crate) fn pick(
        self,
        events: BoxStream<'static, Result<RecordedEvent>>,
    ) -> BoxStream<'static, Result<RecordedEvent>> {
        let picked = events.filter_map(move |event| match event {
            Ok(event) => match self.passes(&event) {
                Ok(true) => Some(Ok(event)),
                Ok(false) => None,
                Err(error) => Some(Err(error)),
            },
            Err(error) => Some(Err(error)),
        });
        picked.boxed()
    }

    /// Whether an event is shown.
    ///
    /// # Errors
    /// Those of the filter.
    pub(crate) fn passes(&self, event: &RecordedEvent) -> Result<bool> {
        if self.secrets == Secrets::Hidden && is_secret(&event.stream) {
            return Ok(false);
        }
        self.filter.as_ref().map_or(Ok(true), |filter| filter.passes(event))
    }
}
