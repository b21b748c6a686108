//! What the store counts of its own work. What the database does for it, the database counts.

use annals_core::{Histogram, StoreWork};

/// What the committer counts.
#[derive(Debug)]
pub(crate) struct Work {
    commit_appends: Histogram,
    commit_events: Histogram,
}

impl Default for Work {
    fn default() -> Self {
        Self { commit_appends: Histogram::new(1), commit_events: Histogram::new(1) }
    }
}

impl Work {
    /// A group was stored.
    pub(crate) fn committed(&self, appends: usize, events: usize) {
        self.commit_appends.record(appends as u64);
        self.commit_events.record(events as u64);
    }

    /// What was counted, and how much waits.
    pub(crate) fn now(&self, queued: usize) -> StoreWork {
        StoreWork {
            queued: queued as u64,
            commit_appends: self.commit_appends.spread(),
            commit_events: self.commit_events.spread(),
            sync_nanos: None,
            log: None,
        }
    }
}
