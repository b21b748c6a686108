//! A projection into SQLite in the background, beside the same SQL driven by hand from an array.
//!
//! The projection reads and decodes the events and keeps its checkpoint; by hand there is nothing
//! but the statements, in transactions of the same size on a database with the same settings.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use annals::{Annals, BoxError, Projection, Recorded, Run, Sqlite, SqliteTx, projection};
use annals_engine::{Embedded, Options};
use futures_lite::future::block_on;
use rusqlite::Connection;

use super::bank::{Account, BankEvent, fill_in_bulk};
use crate::{
    engine::bench::Bench,
    problem::Result,
    report::{Goal, Row},
    samples::rate,
    turns::in_turns,
};

/// Events in one transaction.
const BATCH: u32 = 500;
/// Accounts that the events are spread over.
const ACCOUNTS: u64 = 1_000;
const COLUMNS: &str = "(account TEXT PRIMARY KEY, owner TEXT, cents INTEGER)";

struct Balances;

#[projection(name = "balances", version = 1)]
impl Projection for Balances {
    type Event = BankEvent;
    type Store = Sqlite;
    const TABLES: &'static [&'static str] = &["balances"];

    async fn create(&self, tx: &mut SqliteTx) -> std::result::Result<(), BoxError> {
        tx.execute(&format!("CREATE TABLE {} {COLUMNS}", tx.table("balances")), ())?;
        Ok(())
    }

    async fn apply(
        &self,
        event: &Recorded<BankEvent>,
        tx: &mut SqliteTx,
    ) -> std::result::Result<(), BoxError> {
        apply(tx.connection(), &tx.table("balances"), event)?;
        Ok(())
    }
}

fn apply(sql: &Connection, table: &str, event: &BankEvent) -> rusqlite::Result<()> {
    match event {
        BankEvent::Opened { account, owner } => sql
            .prepare_cached(&format!("INSERT INTO {table} VALUES (?, ?, 0)"))?
            .execute((account, owner))?,
        BankEvent::Deposited { account, cents, .. } => sql
            .prepare_cached(&format!("UPDATE {table} SET cents = cents + ? WHERE account = ?"))?
            .execute((*cents as i64, account))?,
    };
    Ok(())
}

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let events = bench.scale.events / 10;
    let backend = Arc::new(Embedded::open(folder.path().join("store"), Options::default())?);
    let all = fill_in_bulk::<Account>(&*backend, ACCOUNTS, events)?;
    let mut number = 0;
    let mut next = || {
        number += 1;
        folder.path().join(format!("{number}.db"))
    };
    let paths: Vec<_> = (0..bench.scale.rounds * 2).map(|_| next()).collect();
    let (ours, theirs) = paths.split_at(bench.scale.rounds);
    let (mut ours, mut theirs) = (ours.iter(), theirs.iter());
    let no_path = "there is no database left";
    let pairs = in_turns(
        bench.scale.rounds,
        || {
            let took = project(Arc::clone(&backend), ours.next().ok_or(no_path)?)?;
            Ok(rate(events, took))
        },
        || {
            let took = by_hand(&all, theirs.next().ok_or(no_path)?)?;
            Ok(rate(events, took))
        },
    )?;
    let row = Row::rates("project into SQLite", ("events", "the same SQL by hand"), &pairs);
    Ok(vec![row.goal(Goal::RatioAtLeast(1.0 / 1.5))])
}

fn project(backend: Arc<Embedded>, path: &Path) -> Result<Duration> {
    let sqlite = Sqlite::open(path)?;
    let began = Instant::now();
    let app = Annals::builder()
        .projection(Balances, &sqlite, Run::background().batch(BATCH))
        .build(backend)?;
    block_on(app.projection::<Balances>()?.fresh(Duration::from_secs(600)))?;
    let took = began.elapsed();
    block_on(app.stop())?;
    Ok(took)
}

fn by_hand(events: &[BankEvent], path: &Path) -> Result<Duration> {
    let sql = Connection::open(path)?;
    sql.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
    let began = Instant::now();
    sql.execute_batch(&format!("CREATE TABLE balances {COLUMNS}"))?;
    for batch in events.chunks(BATCH as usize) {
        sql.execute_batch("BEGIN IMMEDIATE")?;
        for event in batch {
            apply(&sql, "balances", event)?;
        }
        sql.execute_batch("COMMIT")?;
    }
    Ok(began.elapsed())
}
