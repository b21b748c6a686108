//! Everything a store tells about itself, to compare two stores as wholes.

use std::collections::BTreeMap;

use annals_core::{
    Backend, BoxStream, ErrorKind, Query, ReadAll, ReadStream, RecordedEvent, Result, StateKey,
    StateKind, StreamInfo, StreamName, Timestamp,
};
use bytes::Bytes;
use futures_lite::{StreamExt, future::block_on};

/// Everything a store tells about itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) events: Vec<RecordedEvent>,
    names: Vec<StreamName>,
    streams: BTreeMap<StreamName, (StreamInfo, Result<Vec<RecordedEvent>, ErrorKind>)>,
    states: BTreeMap<StateKey, (Bytes, Timestamp)>,
    counts: (u64, u64),
}

fn collect<T>(items: BoxStream<'static, Result<T>>) -> Result<Vec<T>> {
    block_on(items.try_collect())
}

impl Picture {
    /// Asks a store for everything.
    pub(crate) fn of(store: &dyn Backend) -> Result<Self> {
        let events = collect(store.read(ReadAll::new(Query::all()).into()))?;
        let names = collect(store.streams(None))?;
        let mut streams = BTreeMap::new();
        for name in &names {
            let info = block_on(store.stream_info(name))?;
            let read = collect(store.read(ReadStream::new(name.clone()).into()));
            let read = match read {
                Ok(events) => Ok(events),
                Err(error) => match error.kind() {
                    kind @ (ErrorKind::StreamNotFound | ErrorKind::StreamDeleted) => Err(kind),
                    _ => return Err(error),
                },
            };
            streams.insert(name.clone(), (info, read));
        }
        let mut states = BTreeMap::new();
        for kind in StateKind::ALL {
            for entry in collect(store.states(kind, ""))? {
                states.insert(entry.key, (entry.value, entry.recorded_at));
            }
        }
        let info = block_on(store.info())?;
        Ok(Self { events, names, streams, states, counts: (info.events, info.streams) })
    }

    /// Where it differs from what is expected, in one sentence.
    pub(crate) fn difference(&self, expected: &Self) -> Option<String> {
        if self == expected {
            return None;
        }
        let shown = |events: &[RecordedEvent]| {
            let shown = events.iter().map(|e| format!("{}@{}", e.stream, e.version));
            shown.collect::<Vec<_>>().join(" ")
        };
        if self.events != expected.events {
            let (found, expected) = (shown(&self.events), shown(&expected.events));
            return Some(format!("the events are `{found}` instead of `{expected}`"));
        }
        if self.states != expected.states {
            return Some(format!(
                "the state is {:?} instead of {:?}",
                self.states, expected.states
            ));
        }
        let streams = self.streams.iter().zip(&expected.streams);
        let other = streams.into_iter().find(|(found, expected)| found != expected);
        Some(format!("the same events, but {other:?}, {:?}", self.counts))
    }
}
