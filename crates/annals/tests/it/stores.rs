//! The stores that the tests run over, each with a clock that stands still until it is moved.

use std::sync::Arc;

use annals::engine::{Embedded, Options};
use annals::*;

/// Where the clocks begin.
pub(crate) const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
pub(crate) const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// A store and the application's view of time.
pub(crate) struct Site {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) name: &'static str,
    folder: Option<tempfile::TempDir>,
    /// For files of other databases.
    beside: tempfile::TempDir,
}

impl Site {
    pub(crate) fn memory() -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let backend = Arc::new(MemoryBackend::with_clock(clock.clone()));
        let beside = tempfile::tempdir().unwrap();
        Self { backend, clock, name: "memory", folder: None, beside }
    }

    fn embedded() -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let folder = tempfile::tempdir().unwrap();
        let backend = embedded(&folder, &clock);
        let beside = tempfile::tempdir().unwrap();
        Self { backend, clock, name: "embedded", folder: Some(folder), beside }
    }

    /// Another store of the same make.
    pub(crate) fn another(name: &str) -> Self {
        if name == "memory" { Self::memory() } else { Self::embedded() }
    }

    /// An application without anything kept from before.
    pub(crate) fn app(&self) -> Annals {
        Annals::builder().clock(self.clock.clone()).build(self.backend.clone()).unwrap()
    }

    /// An application on another view of the store.
    pub(crate) fn app_on(&self, backend: Arc<dyn Backend>) -> Annals {
        Annals::builder().clock(self.clock.clone()).build(backend).unwrap()
    }

    /// A path for another file beside the store.
    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.beside.path().join(name)
    }

    /// The store as the next process finds it.
    pub(crate) fn restart(self) -> Self {
        let Some(folder) = self.folder else { return self };
        let beside = self.beside;
        block_on(self.backend.close()).unwrap();
        drop(self.backend);
        let backend = embedded(&folder, &self.clock);
        Self { backend, clock: self.clock, name: self.name, folder: Some(folder), beside }
    }
}

fn embedded(folder: &tempfile::TempDir, clock: &Arc<ManualClock>) -> Arc<dyn Backend> {
    let options = Options { clock: clock.clone(), ..Options::default() };
    Arc::new(Embedded::open(folder.path(), options).unwrap())
}

/// Runs a test over each store.
pub(crate) fn on_each_store(test: impl Fn(Site)) {
    for site in [Site::memory(), Site::embedded()] {
        eprintln!("on {}", site.name);
        test(site);
    }
}

/// All events of a store, oldest first.
pub(crate) fn all_events(backend: &dyn Backend) -> Vec<RecordedEvent> {
    use futures_lite::StreamExt;
    block_on(backend.read(ReadAll::new(Query::all()).into()).try_collect()).unwrap()
}

/// The time some days after the start.
pub(crate) const fn day(days: i64) -> Timestamp {
    Timestamp::from_micros(START.as_micros() + days * DAY_MICROS)
}

/// Waits for whatever can be awaited.
pub(crate) fn block_on<F: IntoFuture>(work: F) -> F::Output {
    futures_lite::future::block_on(work.into_future())
}
