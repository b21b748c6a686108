//! A database or an event store that is not as it should be: never a lost or a doubled event.

use std::{path::Path, sync::Arc};

use annals::*;
use futures_lite::future::block_on;
use rusqlite::Connection;

use super::bank::*;
use crate::tables::{Tables, TablesTx};

/// A file store and a file database, and a connection that is not ours.
fn watched() -> (Arc<dyn Backend>, Tables, Connection, tempfile::TempDir) {
    let (backend, sqlite, dir) = files();
    let foreign = Connection::open(dir.path().join("read.db")).unwrap();
    foreign.busy_timeout(LONG).unwrap();
    (backend, sqlite, foreign, dir)
}

fn quick() -> Run<BankEvent> {
    Run::background().backoff(SHORT.0, SHORT.1).retry(2)
}

#[test]
fn a_dropped_table_pauses_and_a_rebuild_brings_it_back() {
    for then in [Run::then_pause, Run::then_skip, Run::then_dead_letter] {
        let (backend, sqlite, foreign, _dir) = watched();
        append(&*backend, deposits(10));
        let app = start(&backend, &sqlite, &Faults::default(), then(quick()));
        fresh(&app);
        foreign.execute_batch("DROP TABLE balances__1").unwrap();
        append(&*backend, deposits(10));
        let reason = paused(&app);
        assert!(reason.contains("balances__1") && reason.contains("rebuild"), "{reason}");
        assert_eq!(status(&app).dead_letters, 0);

        let handle = app.projection_named("balances").unwrap();
        let model = block_on(handle.rebuild()).unwrap();
        while block_on(handle.switched(&model, LONG)).is_err() {}
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}

#[test]
fn a_table_that_is_gone_at_the_start_is_reported_and_can_be_rebuilt() {
    let (backend, sqlite, foreign, _dir) = watched();
    append(&*backend, deposits(10));
    let app = start(&backend, &sqlite, &Faults::default(), quick());
    fresh(&app);
    stop(&app);
    foreign.execute_batch("DROP TABLE balances__1").unwrap();
    let app = start(&backend, &sqlite, &Faults::default(), quick());
    assert!(paused(&app).contains("balances__1"));
    let handle = app.projection_named("balances").unwrap();
    let model = block_on(handle.rebuild()).unwrap();
    while block_on(handle.switched(&model, LONG)).is_err() {}
    assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
}

#[test]
fn a_locked_database_is_waited_for() {
    let (backend, sqlite, foreign, _dir) = watched();
    append(&*backend, deposits(10));
    let app = start(&backend, &sqlite, &Faults::default(), quick());
    fresh(&app);
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    append(&*backend, deposits(10));
    // More often than it is retried for anything else.
    while status(&app).errors < 4 {
        std::thread::yield_now();
    }
    foreign.execute_batch("COMMIT").unwrap();
    fresh(&app);
    assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
}

#[test]
fn a_full_database_pauses_and_goes_on_when_there_is_room() {
    let (backend, sqlite, foreign, _dir) = watched();
    append(&*backend, deposits(10));
    let app = start(&backend, &sqlite, &Faults::default(), quick().then_skip());
    fresh(&app);
    stop(&app);
    // The handler's own connection is what runs full.
    let full = Fill::default();
    let builder = Annals::builder().projection(full.clone(), &sqlite, full_run());
    let app = builder.build(Arc::clone(&backend)).unwrap();
    let reason = loop {
        let status = block_on(app.projection_named("fill").unwrap().status()).unwrap();
        if let ProjectionState::Paused { reason } = status.state {
            break reason;
        }
        std::thread::yield_now();
    };
    assert!(reason.contains("full"), "{reason}");
    full.0.store(1_000_000, std::sync::atomic::Ordering::SeqCst);
    let handle = app.projection_named("fill").unwrap();
    handle.resume().unwrap();
    while block_on(handle.fresh(LONG)).is_err() {}
    let count: i64 = foreign.query_row("SELECT count(*) FROM fill", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 10);
}

fn full_run() -> Run<BankEvent> {
    Run::background().backoff(SHORT.0, SHORT.1).retry(2).then_skip()
}

/// Writes much, into a database of at most so many pages.
#[derive(Debug, Clone)]
struct Fill(Arc<std::sync::atomic::AtomicU32>);

impl Default for Fill {
    fn default() -> Self {
        Self(Arc::new(40.into()))
    }
}

#[projection(name = "fill", version = 1)]
impl Projection for Fill {
    type Event = BankEvent;
    type Store = Tables;
    const TABLES: &'static [&'static str] = &["fill"];

    async fn create(&self, tx: &mut TablesTx) -> Result<(), BoxError> {
        let table = tx.table("fill");
        tx.batch(&format!("CREATE TABLE {table} (bytes BLOB)")).await
    }

    async fn apply(&self, _event: &Recorded<BankEvent>, tx: &mut TablesTx) -> Result<(), BoxError> {
        let pages = self.0.load(std::sync::atomic::Ordering::SeqCst);
        let table = tx.table("fill");
        let sql = format!("INSERT INTO {table} VALUES (zeroblob(50000))");
        tx.batch(&format!("PRAGMA max_page_count = {pages}; {sql}")).await
    }
}

#[test]
fn a_checkpoint_that_goes_backwards_pauses() {
    let (backend, sqlite, foreign, _dir) = watched();
    append(&*backend, deposits(10));
    let app = start(&backend, &sqlite, &Faults::default(), quick());
    fresh(&app);
    foreign.execute("UPDATE annals_checkpoint SET position = 4", []).unwrap();
    append(&*backend, deposits(1));
    let reason = paused(&app);
    assert!(reason.contains("went back from position 9 to position 4"), "{reason}");
    let events: i64 = rows(&sqlite).values().map(|row| row.1).sum();
    assert_eq!(events, 10);
}

#[test]
fn another_store_or_an_older_copy_is_refused() {
    let (backend, sqlite, _foreign, dir) = watched();
    append(&*backend, deposits(5));
    block_on(backend.close()).unwrap();
    drop(backend);
    let events = dir.path().join("events");
    copy(&events, &dir.path().join("backup"));

    let reopened = open_at(&events);
    append(&*reopened, deposits(10));
    let app = start(&reopened, &sqlite, &Faults::default(), quick());
    fresh(&app);
    stop(&app);
    drop((app, reopened));

    let backup = open_at(&dir.path().join("backup"));
    let app = start(&backup, &sqlite, &Faults::default(), quick());
    let reason = paused(&app);
    assert!(reason.contains("up to position 14") && reason.contains("at 4"), "{reason}");
    stop(&app);
    drop(app);
    // The copy goes its own way, past where the read model stands.
    append(&*backup, deposits(20));
    let app = start(&backup, &sqlite, &Faults::default(), quick());
    assert!(paused(&app).contains("another history"));
    let handle = app.projection_named("balances").unwrap();
    let model = block_on(handle.rebuild()).unwrap();
    while block_on(handle.switched(&model, LONG)).is_err() {}
    assert_eq!(rows(&sqlite), replayed(&*backup, |_| false));
    stop(&app);
    drop(app);

    let other = open_at(&dir.path().join("other"));
    append(&*other, deposits(40));
    let app = start(&other, &sqlite, &Faults::default(), quick());
    let reason = paused(&app);
    assert!(reason.contains("event store") && reason.contains("rebuild"), "{reason}");
}

pub(super) fn open_at(path: &Path) -> Arc<dyn Backend> {
    block_on(annals::open(&format!("file:{}", path.display()))).unwrap()
}

pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
