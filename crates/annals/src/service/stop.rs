//! The sign to stop, for threads that wait and for tasks that wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use event_listener::{Event, Listener};

/// Says when to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_set: AtomicBool,
    changed: Event,
}

impl Stop {
    /// From now on everything stops.
    pub(crate) fn set(&self) {
        self.0.is_set.store(true, Ordering::SeqCst);
        self.0.changed.notify(usize::MAX);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::SeqCst)
    }

    /// Blocks until it is set, at most this long. Says whether it is.
    pub(crate) fn wait_timeout(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while !self.is_set() {
            let listener = self.0.changed.listen();
            if self.is_set() {
                break;
            }
            if listener.wait_deadline(deadline).is_none() {
                return self.is_set();
            }
        }
        true
    }

    /// Waits until it is set.
    pub(crate) async fn wait(&self) {
        while !self.is_set() {
            let listener = self.0.changed.listen();
            if self.is_set() {
                break;
            }
            listener.await;
        }
    }
}
