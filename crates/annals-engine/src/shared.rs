//! What all threads of an engine share.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

use annals_core::{Clock, Error, ErrorKind, Result, Timestamp, rules::StoreEnd};
use event_listener::Event;
use parking_lot::{Mutex, RwLock};

use crate::{
    error::closed,
    format::manifest::Manifest,
    index::{term::Terms, view::View},
    read::snapshot::Snapshot,
    storage::{Storage, StorageFile},
    work::Work,
    write::retry_window::RetryWindow,
};

/// What all threads of an engine share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) terms: Terms,
    /// Replaced by the committer when a segment is begun and by the sealer when one is sealed.
    pub(crate) view: RwLock<Arc<View>>,
    /// The position after the newest durable event. Published after the sync.
    head: AtomicU64,
    /// How many streams were begun, published with the head.
    streams: AtomicU64,
    /// The time of the newest write, and the revision of the newest write of state, published
    /// with the head.
    recorded_at: AtomicI64,
    revision: AtomicU64,
    /// Notified after the head moved, and when the store closes.
    pub(crate) changed: Event,
    pub(crate) retry_window: RwLock<RetryWindow>,
    /// A segment created in advance, and its size.
    pub(crate) spare: Mutex<Option<(Arc<dyn StorageFile>, u32)>>,
    /// Written by the sealer alone.
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) work: Work,
    poison: OnceLock<Error>,
    is_closed: AtomicBool,
}

/// What recovery hands over.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) terms: Terms,
    pub(crate) view: View,
    pub(crate) end: u64,
    pub(crate) streams: u64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) revision: u64,
    pub(crate) retry_window: RetryWindow,
    pub(crate) manifest: Manifest,
}

impl Shared {
    pub(crate) fn new(start: Start) -> Self {
        Self {
            storage: start.storage,
            clock: start.clock,
            terms: start.terms,
            view: RwLock::new(Arc::new(start.view)),
            head: AtomicU64::new(start.end),
            streams: AtomicU64::new(start.streams),
            recorded_at: AtomicI64::new(start.recorded_at.as_micros()),
            revision: AtomicU64::new(start.revision),
            changed: Event::new(),
            retry_window: RwLock::new(start.retry_window),
            spare: Mutex::new(None),
            manifest: Mutex::new(start.manifest),
            work: Work::default(),
            poison: OnceLock::new(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// The position after the newest durable event.
    pub(crate) fn end(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// How many streams were begun.
    pub(crate) fn streams(&self) -> u64 {
        self.streams.load(Ordering::Acquire)
    }

    /// The time of the newest write.
    pub(crate) fn recorded_at(&self) -> Timestamp {
        Timestamp::from_micros(self.recorded_at.load(Ordering::Acquire))
    }

    /// The revision of the newest write of state.
    pub(crate) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Makes everything below `end` visible and wakes whoever waits for it. The heads of streams
    /// and state have been shown a moment before.
    pub(crate) fn publish(&self, end: StoreEnd, streams: u64) {
        self.streams.store(streams, Ordering::Release);
        self.recorded_at.store(end.recorded_at.as_micros(), Ordering::Release);
        self.revision.store(end.revision, Ordering::Release);
        self.head.store(end.next.get(), Ordering::Release);
        self.changed.notify(usize::MAX);
    }

    /// Everything that is durable now.
    pub(crate) fn snapshot(&self) -> Result<Snapshot> {
        self.check_open()?;
        // The head first: a view taken later knows at least as much.
        let end = self.end();
        Ok(Snapshot { view: Arc::clone(&self.view.read()), terms: self.terms, end })
    }

    /// Looks something up in what is durable now.
    pub(crate) fn look<T>(&self, look: impl Fn(&Snapshot) -> Result<T>) -> Result<T> {
        self.look_first(self.snapshot()?, look)
    }

    /// Looks something up in a snapshot. The tree may be ahead of it by then, and lead to segments
    /// that its view does not know; so what fails in a view that is no longer current is looked up
    /// in a newer one, up to the same end.
    pub(crate) fn look_first<T>(
        &self,
        mut snapshot: Snapshot,
        look: impl Fn(&Snapshot) -> Result<T>,
    ) -> Result<T> {
        loop {
            match look(&snapshot) {
                Err(_) if !self.is_current(&snapshot.view) => {
                    snapshot.view = self.snapshot()?.view;
                }
                done => return done,
            }
        }
    }

    /// Whether no segment was begun or sealed since a view was taken.
    pub(crate) fn is_current(&self, view: &Arc<View>) -> bool {
        Arc::ptr_eq(&self.view.read(), view)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Refuses all writes from now on, because of a failed write or sync.
    pub(crate) fn poison(&self, cause: Error) {
        self.poison.get_or_init(|| cause);
    }

    /// The refusal of a write after a failed write or sync.
    pub(crate) fn check_poison(&self) -> Result<()> {
        let Some(cause) = self.poison.get() else { return Ok(()) };
        let message = "an earlier write or sync failed, so nothing more is written; \
                       open the store again";
        Err(Error::new(ErrorKind::Poisoned, message).caused_by(cause.clone()))
    }

    /// Marks the store as closed; `false` when it was already.
    pub(crate) fn close(&self) -> bool {
        let was_open = !self.is_closed.swap(true, Ordering::AcqRel);
        self.changed.notify(usize::MAX);
        was_open
    }

    pub(crate) fn check_open(&self) -> Result<()> {
        if self.is_closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use annals_core::{Name, StateExpected, StateKey, StateKind, StatePut};

    use crate::{Engine, Options, read::state};

    #[test]
    fn what_a_view_does_not_know_yet_is_looked_up_in_a_newer_one() {
        let dir = tempfile::tempdir().unwrap();
        let options =
            Options { segment_bytes_first: 512, segment_bytes_max: 512, ..Options::default() };
        let engine = Engine::open(dir.path(), options).unwrap();
        let put = |name: &'static str| {
            let key = StateKey { kind: StateKind::Lease, name: Name::new(name).unwrap() };
            let value = Some(vec![0; 400].into());
            let put = StatePut { key: key.clone(), expected: StateExpected::Any, value };
            engine.put_state(put).unwrap();
            key
        };
        let shared = engine.shared();
        let old = shared.snapshot().unwrap();
        put("first");
        let key = put("wanted");
        while shared.snapshot().unwrap().view.sealed.len() < 3 {
            put("filler");
        }
        assert!(state::entry(&old, &key).is_err());
        let found = shared.look_first(old, |snapshot| state::entry(snapshot, &key));
        assert_eq!(found.unwrap().unwrap().key, key);
    }
}
