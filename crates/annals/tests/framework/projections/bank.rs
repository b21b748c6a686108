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

use crate::{
    stores::Home,
    tables::{Tables, TablesTx},
};

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
    type Store = Tables;
    const TABLES: &'static [&'static str] = &["balances"];

    async fn create(&self, tx: &mut TablesTx) -> Result<(), BoxError> {
        create(tx).await
    }

    async fn apply(&self, event: &Recorded<BankEvent>, tx: &mut TablesTx) -> Result<(), BoxError> {
        apply(event, tx, &self.0).await
    }
}

#[projection(name = "balances", version = 2)]
impl Projection for Balances<2> {
    type Event = BankEvent;
    type Store = Tables;
    const TABLES: &'static [&'static str] = &["balances"];

    async fn create(&self, tx: &mut TablesTx) -> Result<(), BoxError> {
        create(tx).await
    }

    async fn apply(&self, event: &Recorded<BankEvent>, tx: &mut TablesTx) -> Result<(), BoxError> {
        apply(event, tx, &self.0).await
    }
}

async fn create(tx: &mut TablesTx) -> Result<(), BoxError> {
    let table = tx.table("balances");
    tx.batch(&format!(
        "CREATE TABLE {table} (account TEXT PRIMARY KEY, cents BIGINT, events BIGINT, log TEXT)"
    ))
    .await
}

async fn apply(
    event: &Recorded<BankEvent>,
    tx: &mut TablesTx,
    faults: &Faults,
) -> Result<(), BoxError> {
    let sql = |table: String, sign: char| {
        format!(
            "INSERT INTO {table} AS b VALUES ({sign}1, {sign}2, 1, {sign}3) \
             ON CONFLICT (account) DO UPDATE SET cents = b.cents + excluded.cents, \
             events = b.events + 1, log = b.log || excluded.log"
        )
    };
    let table = tx.table("balances");
    let (account, change) = (event.account(), event.change());
    let log = format!("{change} ");
    match tx {
        TablesTx::Sqlite(tx) => drop(tx.execute(&sql(table, '?'), (account, change, log))?),
        TablesTx::Postgres(tx) => {
            tx.execute(&sql(table, '$'), &[&account, &change, &log]).await?;
        }
    }
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
pub(super) fn rows(store: &Tables) -> BTreeMap<String, Row> {
    let rows = store.rows(
        "SELECT json_array(account, cents, events, log) FROM balances",
        "SELECT json_build_array(account, cents, events, log)::text FROM balances",
    );
    let row = |row| {
        let (account, cents, events, log) = serde_json::from_value(row).unwrap();
        (account, (cents, events, log))
    };
    rows.into_iter().map(row).collect()
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

/// Stores to run on, with what has to be kept for as long as they are used.
pub(super) fn stores() -> Vec<(Arc<dyn Backend>, Tables, Home)> {
    let opened = |home: Home| {
        let (backend, tables) = home.open_with_tables();
        (backend, tables, home)
    };
    if let Some(home) = Home::shared() {
        return vec![opened(home)];
    }
    let (file, tables, dir) = files();
    vec![opened(Home::Memory), (file, tables, Home::Folder(dir))]
}

/// Events and tables in files.
pub(super) fn files() -> (Arc<dyn Backend>, Tables, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file:{}", dir.path().join("events").display());
    let file = block_on(annals::open(&url)).unwrap();
    let sqlite = Sqlite::open(dir.path().join("read.db")).unwrap();
    (file, Tables::Sqlite(sqlite), dir)
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
    sqlite: &Tables,
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
