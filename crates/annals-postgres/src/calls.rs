//! Calls to the database that are in progress, so that those that take long can be explained.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

/// The calls in progress, in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<InProgress>);

#[derive(Debug, Default)]
struct InProgress {
    next: u64,
    since: BTreeMap<u64, Instant>,
}

/// A call in progress; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Call {
    calls: Arc<Calls>,
    number: u64,
}

impl Calls {
    /// Notes that a call begins.
    pub(crate) fn begin(self: &Arc<Self>) -> Call {
        let mut calls = self.0.lock();
        let number = calls.next;
        calls.next += 1;
        calls.since.insert(number, Instant::now());
        Call { calls: Arc::clone(self), number }
    }

    /// How long the oldest of them has been going on.
    pub(crate) fn longest(&self) -> Option<Duration> {
        self.0.lock().since.values().next().map(Instant::elapsed)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.calls.0.lock().since.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_until_it_ends() {
        let calls = Arc::new(Calls::default());
        assert_eq!(calls.longest(), None);
        let [first, second] = [calls.begin(), calls.begin()];
        assert!(calls.longest().is_some());
        drop(first);
        assert!(calls.longest().is_some());
        drop(second);
        assert_eq!(calls.longest(), None);
    }
}
