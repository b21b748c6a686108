//! What the engine counts of its own work: the committer counts, and whoever watches looks.

use annals_core::{Histogram, StoreWork};

use crate::engine::Engine;

/// The end of the first range of times, in nanoseconds.
const SYNC_NANOS: u64 = 25_000;

/// What the engine counts of its own work.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) commit_appends: Histogram,
    pub(crate) commit_events: Histogram,
    pub(crate) sync_nanos: Histogram,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            commit_appends: Histogram::new(1),
            commit_events: Histogram::new(1),
            sync_nanos: Histogram::new(SYNC_NANOS),
        }
    }
}

impl Work {
    /// A commit has become durable.
    pub(crate) fn committed(&self, appends: u64, events: u64) {
        self.commit_appends.record(appends);
        self.commit_events.record(events);
    }
}

impl Engine {
    /// What was counted of the engine's own work since it was opened.
    #[must_use]
    pub fn work(&self) -> StoreWork {
        let work = &self.shared().work;
        StoreWork {
            queued: self.queue().len() as u64,
            commit_appends: work.commit_appends.spread(),
            commit_events: work.commit_events.spread(),
            sync_nanos: Some(work.sync_nanos.spread()),
            log: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use annals_core::{Append, EventType, ExpectedVersion, NewEvent, Spread, StreamName};

    use crate::{Engine, Options};

    fn values(spread: &Spread) -> u64 {
        spread.counts.iter().sum()
    }

    #[test]
    fn every_commit_is_counted_with_what_is_in_it_and_its_sync() {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(dir.path(), Options::default()).unwrap();
        for (stream, count) in [("account-1", 3), ("account-2", 1)] {
            let event = || NewEvent::new(EventType::new("opened").unwrap(), "{}");
            let events = std::iter::repeat_with(event).take(count);
            let stream = StreamName::new(stream).unwrap();
            engine.append(Append::to(stream, ExpectedVersion::NoStream, events)).unwrap();
        }
        let again = StreamName::new("account-1").unwrap();
        let event = NewEvent::new(EventType::new("opened").unwrap(), "{}");
        engine.append(Append::to(again, ExpectedVersion::NoStream, [event])).unwrap_err();

        let work = engine.work();
        assert_eq!((values(&work.commit_appends), work.commit_appends.sum), (2, 2));
        assert_eq!((values(&work.commit_events), work.commit_events.sum), (2, 4));
        let syncs = work.sync_nanos.unwrap();
        assert_eq!(values(&syncs), 2);
        assert!(syncs.sum > 0);
        assert_eq!(work.queued, 0);
    }
}
