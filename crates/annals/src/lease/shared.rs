//! Leases on a store that several processes share: an entry that its holder rewrites in time.
//!
//! Nobody compares clocks. Whoever waits watches the revision of the entry; when it has not
//! changed for as long as the entry promises, by the waiter's own clock, the holder is gone.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use annals_core::{
    Backend, Error, ErrorKind, Result, StateEntry, StateExpected, StateKey, StatePut,
};
use futures_lite::future::block_on;
use parking_lot::Mutex;

use crate::service::{Stop, spawn};

/// The right to run something.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) fence: u64,
    renewal: Arc<Renewal>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Renewal {
    backend: Arc<dyn Backend>,
    key: StateKey,
    ttl: Duration,
    stop: Stop,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    revision: u64,
    /// Until when nobody else takes it; `None` once somebody has.
    valid_until: Option<Instant>,
}

pub(super) fn acquire(
    backend: &Arc<dyn Backend>,
    key: &StateKey,
    ttl: Duration,
    stop: &Stop,
) -> Result<Option<Held>> {
    let mut watched: Option<(u64, Instant)> = None;
    while !stop.is_set() {
        let entry = block_on(backend.state(key))?;
        let asked = Instant::now();
        if let Some(expected) = free(entry.as_ref(), &mut watched) {
            match block_on(backend.put_state(put(key, expected, ttl))) {
                Ok(revision) => {
                    return hold(backend, key, ttl, revision, asked).map(Some);
                }
                // Somebody else was faster.
                Err(error) if error.kind() == ErrorKind::ConditionFailed => {}
                Err(error) => return Err(error),
            }
        }
        // Often enough to notice soon that the holder's time is over.
        stop.wait_timeout(entry.as_ref().map_or(Duration::ZERO, promised) / 4);
    }
    Ok(None)
}

/// What a take-over would have to find, when the lease is free.
fn free(entry: Option<&StateEntry>, watched: &mut Option<(u64, Instant)>) -> Option<StateExpected> {
    let Some(entry) = entry else { return Some(StateExpected::Absent) };
    let (_, since) = *watched.insert(
        watched
            .filter(|(revision, _)| *revision == entry.revision)
            .unwrap_or_else(|| (entry.revision, Instant::now())),
    );
    (since.elapsed() >= promised(entry)).then_some(StateExpected::Revision(entry.revision))
}

/// How long the holder may be silent.
fn promised(entry: &StateEntry) -> Duration {
    let millis = entry.value.as_ref().try_into().map(u64::from_be_bytes);
    millis.map_or(super::TTL, Duration::from_millis)
}

fn put(key: &StateKey, expected: StateExpected, ttl: Duration) -> StatePut {
    let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    let value = Some(millis.to_be_bytes().to_vec().into());
    StatePut { key: key.clone(), expected, value }
}

fn hold(
    backend: &Arc<dyn Backend>,
    key: &StateKey,
    ttl: Duration,
    revision: u64,
    asked: Instant,
) -> Result<Held> {
    let state = State { revision, valid_until: Some(asked + ttl) };
    let renewal = Arc::new(Renewal {
        backend: Arc::clone(backend),
        key: key.clone(),
        ttl,
        stop: Stop::default(),
        state: Mutex::new(state),
    });
    let renewing = Arc::clone(&renewal);
    let thread = spawn("lease", move || renewing.run()).map_err(|error| {
        Error::new(ErrorKind::Unavailable, "no thread to renew a lease").caused_by(error)
    })?;
    Ok(Held { fence: revision, renewal, thread: Some(thread) })
}

impl Renewal {
    fn run(&self) {
        while !self.stop.wait_timeout(self.ttl / 3) {
            let asked = Instant::now();
            let expected = StateExpected::Revision(self.state.lock().revision);
            match block_on(self.backend.put_state(put(&self.key, expected, self.ttl))) {
                Ok(revision) => {
                    let valid_until = Some(asked + self.ttl);
                    *self.state.lock() = State { revision, valid_until };
                }
                Err(error) if error.kind() == ErrorKind::ConditionFailed => {
                    tracing::warn!(lease = %self.key.name, "the lease was taken over");
                    self.state.lock().valid_until = None;
                    return;
                }
                // It stays valid until its time is over, and the next round tries again.
                Err(error) => tracing::warn!(lease = %self.key.name, %error, "not renewed"),
            }
        }
    }
}

impl Held {
    pub(super) fn is_valid(&self) -> bool {
        self.renewal.state.lock().valid_until.is_some_and(|until| Instant::now() < until)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewal.stop.set();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            return;
        }
        let revision = self.renewal.state.lock().revision;
        let expected = StateExpected::Revision(revision);
        let delete = StatePut { key: self.renewal.key.clone(), expected, value: None };
        // Not given back, it is free after its time; taken over, it is somebody else's.
        if let Err(error) = block_on(self.renewal.backend.put_state(delete)) {
            tracing::debug!(lease = %self.renewal.key.name, %error, "not given back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{MemoryBackend, Name, StateKind};

    fn key() -> StateKey {
        StateKey { kind: StateKind::Lease, name: Name::new("projection/balances").unwrap() }
    }

    fn acquire_on(backend: &Arc<dyn Backend>, ttl: Duration) -> Held {
        acquire(backend, &key(), ttl, &Stop::default()).unwrap().unwrap()
    }

    const LONG: Duration = Duration::from_secs(3_600);

    #[test]
    fn a_released_lease_is_free_at_once_and_the_fence_grows() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
        let first = acquire_on(&backend, LONG);
        assert!(first.is_valid());
        let fence = first.fence;
        drop(first);
        assert!(acquire_on(&backend, LONG).fence > fence);
    }

    #[test]
    fn whoever_waits_can_be_told_to_stop() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
        let _held = acquire_on(&backend, LONG);
        let stop = Stop::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| acquire(&backend, &key(), LONG, &stop).unwrap().is_none());
            stop.set();
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn a_silent_holder_is_replaced_and_knows() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
        // A holder that died: its entry is never renewed.
        let ttl = Duration::from_millis(40);
        let dead = block_on(backend.put_state(put(&key(), StateExpected::Absent, ttl))).unwrap();
        let next = acquire_on(&backend, LONG);
        assert!(next.fence > dead && next.is_valid());
        let late = put(&key(), StateExpected::Revision(dead), ttl);
        let error = block_on(backend.put_state(late)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConditionFailed);
    }

    #[test]
    fn a_renewed_lease_is_not_taken() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
        let ttl = Duration::from_millis(60);
        let held = acquire_on(&backend, ttl);
        let stop = Stop::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| acquire(&backend, &key(), ttl, &stop).unwrap());
            // Many times the promise passes while the revision moves on.
            let mut last = held.fence;
            for _ in 0..10 {
                last = moved_on(&backend, last);
            }
            assert!(held.is_valid() && !waiting.is_finished());
            stop.set();
            assert!(waiting.join().unwrap().is_none());
        });
    }

    fn moved_on(backend: &Arc<dyn Backend>, last: u64) -> u64 {
        loop {
            let revision = block_on(backend.state(&key())).unwrap().unwrap().revision;
            if revision > last {
                return revision;
            }
            std::thread::yield_now();
        }
    }
}
