//! A bank whose balances are projected: events, stores to run on, and the projection under test.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use annals::*;
use futures_lite::future::block_on;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::stores::Home;

/// Longer than anything takes here, so that a hang is seen as one.
pub(super) const LONG: Duration = Duration::from_secs(30);
/// Waits between retries that are not worth noticing.
pub(super) const SHORT: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(2));

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(prefix = "bank")]
pub(super) enum BankEvent {
    Deposited { account: String, cents: i64 },
    Withdrawn { account: String, cents: i64 },
}

impl BankEvent {
    pub(super) fn account(&self) -> &str {
        match self {
            Self::Deposited { account, .. } | Self::Withdrawn { account, .. } => account,
        }
    }

    fn change(&self) -> i64 {
        match self {
            Self::Deposited { cents, .. } => *cents,
            Self::Withdrawn { cents, .. } => -cents,
        }
    }
}

/// What goes wrong, and how often. Shared with the projection under test.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<AtomicU32>);

impl Faults {
    /// The next `times` events over 1,000 cents fail.
    pub(super) fn set(&self, times: u32) {
        self.0.store(times, Ordering::SeqCst);
    }

    fn meets_one(&self, cents: i64) -> bool {
        let less = |left: u32| left.checked_sub(1);
        cents.abs() > 1_000 && self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }
}

/// The balances of the accounts, and how many events made them. Adding to both shows an event that
/// is lost or applied twice. Over 9,000 cents it panics instead of failing.
#[derive(Debug, Default)]
pub(super) struct Balances<const V: u32>(pub(super) Faults);

#[projection(name = "balances", version = 1)]
impl Projection for Balances<1> {
    type Event = BankEvent;
    type Store = Sqlite;
    const TABLES: &'static [&'static str] = &["balances"];

    async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
        create(tx)
    }

    async fn apply(&self, event: &Recorded<BankEvent>, tx: &mut SqliteTx) -> Result<(), BoxError> {
        apply(event, tx, &self.0)
    }
}

#[projection(name = "balances", version = 2)]
impl Projection for Balances<2> {
    type Event = BankEvent;
    type Store = Sqlite;
    const TABLES: &'static [&'static str] = &["balances"];

    async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
        create(tx)
    }

    async fn apply(&self, event: &Recorded<BankEvent>, tx: &mut SqliteTx) -> Result<(), BoxError> {
        apply(event, tx, &self.0)
    }
}

fn create(tx: &SqliteTx) -> Result<(), BoxError> {
    let table = tx.table("balances");
    tx.connection().execute_batch(&format!(
        "CREATE TABLE {table} (account TEXT PRIMARY KEY, cents INTEGER, events INTEGER, log TEXT)"
    ))?;
    Ok(())
}

fn apply(event: &Recorded<BankEvent>, tx: &SqliteTx, faults: &Faults) -> Result<(), BoxError> {
    let sql = format!(
        "INSERT INTO {} VALUES (?1, ?2, 1, ?3) ON CONFLICT (account) DO UPDATE \
         SET cents = cents + excluded.cents, events = events + 1, log = log || excluded.log",
        tx.table("balances")
    );
    let change = event.change();
    tx.execute(&sql, (event.account(), change, format!("{change} ")))?;
    // After the write, so that a missing rollback shows.
    if faults.meets_one(change) {
        assert!(change.abs() <= 9_000, "too much for this handler");
        return Err("the handler does not like this".into());
    }
    Ok(())
}

/// A row: cents, how many events, and all changes in order.
pub(super) type Row = (i64, i64, String);

/// What queries see.
pub(super) fn rows(store: &Sqlite) -> BTreeMap<String, Row> {
    let query = |connection: &rusqlite::Connection| {
        let mut query = connection.prepare("SELECT account, cents, events, log FROM balances")?;
        let rows = query
            .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))?;
        rows.collect()
    };
    block_on(store.read(query)).unwrap()
}

/// What a replay from nothing gives, leaving events out.
pub(super) fn replayed(
    backend: &dyn Backend,
    is_left_out: impl Fn(i64) -> bool,
) -> BTreeMap<String, Row> {
    use futures_lite::StreamExt;
    let app_events = backend.read(ReadAll::new(Query::all()).into());
    let records: Vec<RecordedEvent> = block_on(app_events.try_collect()).unwrap();
    let mut rows = BTreeMap::<String, Row>::new();
    for record in records {
        let Ok(Some(event)) = BankEvent::decode(RawEvent::from(&record)) else { continue };
        let change = event.change();
        if is_left_out(change) {
            continue;
        }
        let row = rows.entry(event.account().to_owned()).or_default();
        row.0 += change;
        row.1 += 1;
        row.2 += &format!("{change} ");
    }
    rows
}

/// Stores to run on, with a folder for files where they are in files.
pub(super) fn stores() -> Vec<(Arc<dyn Backend>, Sqlite, Option<TempDir>)> {
    if let Some(home) = Home::schema() {
        return vec![(home.open(None), Sqlite::in_memory().unwrap(), None)];
    }
    let memory = Home::Memory.open(None);
    let (file, sqlite, dir) = files();
    vec![(memory, Sqlite::in_memory().unwrap(), None), (file, sqlite, Some(dir))]
}

/// Events and tables in files.
pub(super) fn files() -> (Arc<dyn Backend>, Sqlite, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file:{}", dir.path().join("events").display());
    let file = block_on(annals::open(&url)).unwrap();
    let sqlite = Sqlite::open(dir.path().join("read.db")).unwrap();
    (file, sqlite, dir)
}

pub(super) fn deposited(account: &str, cents: i64) -> NewEvent {
    event(&BankEvent::Deposited { account: account.to_owned(), cents })
}

pub(super) fn event(event: &BankEvent) -> NewEvent {
    let schema = event.schema();
    let mut new = NewEvent::new(EventType::new(schema.name).unwrap(), event.encode().unwrap());
    new.schema_version = schema.version;
    new
}

/// Appends to one stream and gives the last position.
pub(super) fn append(
    backend: &dyn Backend,
    events: impl IntoIterator<Item = NewEvent>,
) -> Position {
    let stream = StreamName::new("bank-1").unwrap();
    let append = Append::to(stream, ExpectedVersion::Any, events);
    block_on(backend.append(append)).unwrap().position.unwrap()
}

/// Deposits of 1 to `n` cents, to three accounts in turn.
pub(super) fn deposits(n: i64) -> impl Iterator<Item = NewEvent> {
    (1..=n).map(|cents| deposited(["ann", "bob", "eve"][cents as usize % 3], cents))
}

/// Runs version 1.
pub(super) fn start(
    backend: &Arc<dyn Backend>,
    sqlite: &Sqlite,
    faults: &Faults,
    run: Run<BankEvent>,
) -> Annals {
    let balances = Balances::<1>(faults.clone());
    let builder = Annals::builder().projection(balances, sqlite, run);
    builder.build(Arc::clone(backend)).unwrap()
}

pub(super) fn fresh(app: &Annals) {
    block_on(app.projection_named("balances").unwrap().fresh(LONG)).unwrap();
}

pub(super) fn stop(app: &Annals) {
    block_on(app.stop()).unwrap();
}

pub(super) fn status(app: &Annals) -> ProjectionStatus {
    block_on(app.projection_named("balances").unwrap().status()).unwrap()
}

/// Waits until the projection says it is paused, and gives the reason.
pub(super) fn paused(app: &Annals) -> String {
    loop {
        match status(app).state {
            ProjectionState::Paused { reason } => return reason,
            state => assert_ne!(state, ProjectionState::Stopped),
        }
        std::thread::yield_now();
    }
}
