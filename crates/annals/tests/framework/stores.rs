//! The stores that the tests run over, each with a clock that stands still until it is moved.
//!
//! They are memory and the embedded engine, unless the environment names another: a database, with
//! a schema for each test; `annals:`, the embedded engine behind a server of the test's own; or
//! servers of NATS, with a log for each test and a folder for each of its nodes.

use std::sync::Arc;

use annals::engine::{Embedded, Options};
use annals::{postgres::Postgres, *};

use crate::{clustered::Clustered, served::Served, tables::Tables};

/// Where the clocks begin.
pub(crate) const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
pub(crate) const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The URL of the database or of the servers of NATS that the tests run over, or [`SERVED`].
const STORE: &str = "ANNALS_TEST_STORE";
const SERVED: &str = "annals:";
const NATS: &str = "nats:";

/// A store and the application's view of time.
pub(crate) struct Site {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) name: &'static str,
    home: Home,
    /// For files of other databases.
    beside: tempfile::TempDir,
}

/// Where the next process finds a store.
pub(crate) enum Home {
    /// Nowhere.
    Memory,
    Folder(tempfile::TempDir),
    Schema {
        url: String,
        name: String,
    },
    Served(Served),
    Clustered(Clustered),
}

impl Home {
    fn folder() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    /// A store behind a server, if the tests run over one.
    fn served() -> Option<Self> {
        std::env::var(STORE).is_ok_and(|url| url == SERVED).then(|| Self::Served(Served::default()))
    }

    /// The one store that the tests run over, if they do not run over several.
    fn chosen() -> Option<Self> {
        Self::shared().or_else(Self::served)
    }

    /// A new store where several processes can have one at once, if the tests run over such.
    pub(crate) fn shared() -> Option<Self> {
        if let Some(servers) = nats() {
            return Some(Self::Clustered(Clustered::on(&servers)));
        }
        Self::at_place(&format!("it_{}", EventId::random()).replace('-', ""))
    }

    /// What another process finds it by.
    pub(crate) fn place(&self) -> Option<String> {
        match self {
            Self::Schema { name, .. } => Some(name.clone()),
            Self::Clustered(store) => Some(store.folder().to_str().unwrap().to_owned()),
            Self::Memory | Self::Folder(_) | Self::Served(_) => None,
        }
    }

    /// The store that another process made, or will make, if the tests run over such.
    pub(crate) fn at_place(place: &str) -> Option<Self> {
        if let Some(servers) = nats() {
            return Some(Self::Clustered(Clustered::found(&servers, place.as_ref())));
        }
        let url = std::env::var(STORE).ok().filter(|url| url != SERVED)?;
        Some(Self::Schema { url, name: place.to_owned() })
    }

    /// Opens the store with the tables that belong to it, and the store's own clock.
    pub(crate) fn open_with_tables(&self) -> (Arc<dyn Backend>, Tables) {
        match self {
            Self::Memory | Self::Served(_) => (self.open(None), Tables::in_memory()),
            Self::Folder(folder) => {
                let tables = Sqlite::open(folder.path().join("read.db")).unwrap();
                (self.open(None), Tables::Sqlite(tables))
            }
            Self::Schema { url, name } => {
                let store = open_schema(url, name, None);
                let tables = Tables::Postgres(PostgresTables::of(&store));
                (Arc::new(store), tables)
            }
            Self::Clustered(store) => {
                let tables = Sqlite::open(store.folder().join("read.db")).unwrap();
                (self.open(None), Tables::Sqlite(tables))
            }
        }
    }

    /// Opens the store; `None` for the store's own clock.
    pub(crate) fn open(&self, clock: Option<Arc<dyn Clock>>) -> Arc<dyn Backend> {
        let own = || clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        match self {
            Self::Memory => Arc::new(MemoryBackend::with_clock(own())),
            Self::Folder(folder) => {
                let options = Options { clock: own(), ..Options::default() };
                Arc::new(Embedded::open(folder.path(), options).unwrap())
            }
            Self::Schema { url, name } => Arc::new(open_schema(url, name, clock)),
            Self::Served(served) => served.open(own()),
            Self::Clustered(store) => store.open(clock),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Folder(_) => "embedded",
            Self::Schema { .. } => "postgres",
            Self::Served(_) => "served",
            Self::Clustered(_) => "cluster",
        }
    }
}

/// The servers of NATS that the tests run over, if they do.
fn nats() -> Option<String> {
    std::env::var(STORE).ok().filter(|url| url.starts_with(NATS))
}

fn open_schema(url: &str, name: &str, clock: Option<Arc<dyn Clock>>) -> Postgres {
    let options = postgres::Options { schema: name.to_owned(), clock, ..Default::default() };
    block_on(Postgres::open(url, options)).unwrap()
}

impl Site {
    fn at(home: Home) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let backend = home.open(Some(clock.clone()));
        let (name, beside) = (home.name(), tempfile::tempdir().unwrap());
        Self { backend, clock, name, home, beside }
    }

    pub(crate) fn memory() -> Self {
        Self::at(Home::Memory)
    }

    /// A store that the next process finds again.
    pub(crate) fn durable() -> Self {
        Self::at(Home::chosen().unwrap_or_else(Home::folder))
    }

    /// Another store of the same make.
    pub(crate) fn another(&self) -> Self {
        match self.home {
            Home::Memory => Self::memory(),
            Home::Folder(_) | Home::Schema { .. } | Home::Served(_) | Home::Clustered(_) => {
                Self::durable()
            }
        }
    }

    /// One of each store that the tests run over.
    pub(crate) fn each() -> Vec<Self> {
        match Home::chosen() {
            Some(home) => vec![Self::at(home)],
            None => vec![Self::memory(), Self::durable()],
        }
    }

    /// An application without anything kept from before.
    pub(crate) fn app(&self) -> Annals {
        Annals::builder().clock(self.clock.clone()).build(self.backend.clone()).unwrap()
    }

    /// An application on another view of the store.
    pub(crate) fn app_on(&self, backend: Arc<dyn Backend>) -> Annals {
        Annals::builder().clock(self.clock.clone()).build(backend).unwrap()
    }

    /// Tables beside the store, in a database of their own kind.
    pub(crate) fn tables(&self) -> Tables {
        match &self.home {
            Home::Memory => Tables::in_memory(),
            Home::Folder(_) | Home::Served(_) | Home::Clustered(_) => {
                Tables::Sqlite(Sqlite::open(self.file("read.db")).unwrap())
            }
            Home::Schema { url, name } => {
                let clock = Some(self.clock.clone() as _);
                Tables::Postgres(PostgresTables::of(&open_schema(url, name, clock)))
            }
        }
    }

    /// A path for another file beside the store.
    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.beside.path().join(name)
    }

    /// The store as the next process finds it.
    pub(crate) fn restart(self) -> Self {
        if matches!(self.home, Home::Memory) {
            return self;
        }
        block_on(self.backend.close()).unwrap();
        drop(self.backend);
        let backend = self.home.open(Some(self.clock.clone()));
        Self { backend, ..self }
    }
}

/// Runs a test over each store.
pub(crate) fn on_each_store(test: impl Fn(Site)) {
    for site in Site::each() {
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
