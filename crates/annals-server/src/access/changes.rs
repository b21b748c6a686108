//! What is remembered of the store for as long as nothing has changed.
//!
//! A stream belongs to one of a fixed number of counters, and whoever learns of a change of it
//! counts on. What is remembered has the count from before it was looked up, and is forgotten when
//! the counts differ; so a change can never be overtaken by an older answer that comes late.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use annals_core::Result;
use quick_cache::sync::Cache;

/// How many counters there are: a change makes one in so many streams be looked up anew.
const COUNTERS: usize = 256;

/// How often streams have changed, and whether changes are noticed at all.
#[derive(Debug)]
pub(crate) struct Changes {
    counters: [AtomicU64; COUNTERS],
    hasher: RandomState,
    is_following: AtomicBool,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            counters: [const { AtomicU64::new(0) }; COUNTERS],
            hasher: RandomState::new(),
            is_following: AtomicBool::new(false),
        }
    }

    /// A stream has changed.
    pub(crate) fn note(&self, stream: &str) {
        self.counter(stream).fetch_add(1, Ordering::SeqCst);
    }

    /// Changes are noticed from now on; what was remembered before may be old.
    pub(crate) fn follow(&self) {
        self.note_all();
        self.is_following.store(true, Ordering::SeqCst);
    }

    /// Any stream may have changed.
    pub(crate) fn note_all(&self) {
        for counter in &self.counters {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Changes are no longer noticed, so nothing is remembered.
    pub(crate) fn lose(&self) {
        self.is_following.store(false, Ordering::SeqCst);
    }

    /// Whether changes are noticed.
    pub(crate) fn is_following(&self) -> bool {
        self.is_following.load(Ordering::SeqCst)
    }

    /// How many changes there were of all streams.
    #[cfg(test)]
    pub(crate) fn total(&self) -> u64 {
        self.counters.iter().map(|counter| counter.load(Ordering::SeqCst)).sum()
    }

    fn count(&self, stream: &str) -> u64 {
        self.counter(stream).load(Ordering::SeqCst)
    }

    fn counter(&self, stream: &str) -> &AtomicU64 {
        let hash = self.hasher.hash_one(stream);
        let index = usize::try_from(hash % COUNTERS as u64).unwrap_or_default();
        self.counters.get(index).unwrap_or(&self.counters[0])
    }
}

/// Answers that are right as long as a stream does not change; so many at most.
#[derive(Debug)]
pub(crate) struct Remembered<K, V> {
    changes: Arc<Changes>,
    entries: Cache<K, Entry<V>>,
}

#[derive(Debug, Clone)]
struct Entry<V> {
    count: u64,
    value: V,
}

impl<K: Eq + Hash + Clone, V: Clone> Remembered<K, V> {
    pub(crate) fn new(changes: &Arc<Changes>, entries_max: usize) -> Self {
        Self { changes: Arc::clone(changes), entries: Cache::new(entries_max) }
    }

    /// What is remembered, else what is looked up now; many who ask for the same at once cause one
    /// lookup. Errors are not remembered.
    ///
    /// # Errors
    /// Those of the lookup.
    pub(crate) async fn get<F>(
        &self,
        key: &K,
        stream: &str,
        look_up: impl Fn() -> F + Send,
    ) -> Result<V>
    where
        F: Future<Output = Result<V>> + Send,
    {
        if !self.changes.is_following() {
            return look_up().await;
        }
        let fresh = async || {
            let count = self.changes.count(stream);
            Ok(Entry { count, value: look_up().await? })
        };
        let entry = self.entries.get_or_insert_async(key, fresh()).await?;
        if entry.count == self.changes.count(stream) {
            return Ok(entry.value);
        }
        let entry = fresh().await?;
        self.entries.insert(key.clone(), entry.clone());
        Ok(entry.value)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures_lite::future::block_on;

    use super::*;

    struct Lookups(AtomicUsize);

    impl Lookups {
        fn ask(&self, remembered: &Remembered<u8, usize>) -> usize {
            let look_up = || async { Ok(self.0.fetch_add(1, Ordering::SeqCst)) };
            block_on(remembered.get(&1, "a", look_up)).unwrap()
        }
    }

    #[test]
    fn an_answer_is_remembered_until_its_stream_changes() {
        let changes = Arc::new(Changes::new());
        let remembered = Remembered::new(&changes, 8);
        let lookups = Lookups(AtomicUsize::new(0));
        changes.follow();
        assert_eq!(lookups.ask(&remembered), 0);
        assert_eq!(lookups.ask(&remembered), 0);
        changes.note("a");
        assert_eq!(lookups.ask(&remembered), 1);
        assert_eq!(lookups.ask(&remembered), 1);
    }

    #[test]
    fn nothing_is_remembered_while_changes_are_not_noticed() {
        let changes = Arc::new(Changes::new());
        let remembered = Remembered::new(&changes, 8);
        let lookups = Lookups(AtomicUsize::new(0));
        assert_eq!([lookups.ask(&remembered), lookups.ask(&remembered)], [0, 1]);
        changes.follow();
        assert_eq!([lookups.ask(&remembered), lookups.ask(&remembered)], [2, 2]);
        changes.lose();
        assert_eq!(lookups.ask(&remembered), 3);
        changes.follow();
        assert_eq!([lookups.ask(&remembered), lookups.ask(&remembered)], [4, 4]);
    }

    #[test]
    fn an_answer_from_before_a_change_is_not_kept_after_it() {
        let changes = Arc::new(Changes::new());
        let remembered = Remembered::new(&changes, 8);
        changes.follow();
        let late = || async {
            changes.note("a");
            Ok(0)
        };
        block_on(remembered.get(&1, "a", late)).unwrap();
        assert_eq!(Lookups(AtomicUsize::new(7)).ask(&remembered), 7);
    }
}
