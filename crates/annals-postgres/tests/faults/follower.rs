//! A subscription that is followed on a thread of its own, and what it must never show.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use annals_core::{Backend, Delivery, Query, RecordedEvent, Subscribe, SubscribeStart};
use annals_testbed::wait_until;
use futures_lite::{StreamExt, future::block_on};

/// Follows the whole store from its beginning.
pub(crate) struct Follower {
    seen: Arc<Mutex<Vec<RecordedEvent>>>,
    has_failed: Arc<AtomicBool>,
}

impl Follower {
    pub(crate) fn start(store: &dyn Backend) -> Self {
        let mut deliveries =
            store.subscribe(Subscribe::all(Query::all(), SubscribeStart::Beginning));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let has_failed = Arc::new(AtomicBool::new(false));
        let (kept, failed) = (Arc::clone(&seen), Arc::clone(&has_failed));
        thread::spawn(move || {
            while let Some(delivery) = block_on(deliveries.next()) {
                match delivery {
                    Ok(Delivery::Event(event)) => kept.lock().unwrap().push(event),
                    Ok(_) => {}
                    Err(_) => failed.store(true, Ordering::SeqCst),
                }
            }
        });
        Self { seen, has_failed }
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Waits until it has seen as many events as are stored: just those, in order, without an
    /// error on the way.
    #[track_caller]
    pub(crate) fn check(&self, stored: &[RecordedEvent]) {
        let has_failed = || self.has_failed.load(Ordering::SeqCst);
        wait_until("the subscription has seen everything", || {
            self.count() >= stored.len() || has_failed()
        })
        .unwrap();
        assert!(!has_failed(), "the subscription had an error");
        assert_eq!(self.seen.lock().unwrap().as_slice(), stored);
    }
}
