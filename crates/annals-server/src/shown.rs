//! Which events of the whole store a reader is shown: those they asked for, without those that are
//! for administrators.

use annals_core::{BoxStream, Query, RecordedEvent, Result};
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
