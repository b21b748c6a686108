//! A process killed at random moments, again and again, while it writes and projects.
//!
//! The read model must equal a replay from nothing each time it is looked at, row by row.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use annals::*;
use futures_lite::{StreamExt, future::block_on};

use super::bank::*;
use crate::{stores::Home, tables::Tables};

/// Names the folder, or the schema, that the child process is to work in.
const PLACE_OF_CHILD: &str = "ANNALS_TEST_PLACE";
const KILLS: u64 = 20;

fn key(event: &Recorded<BankEvent>) -> String {
    event.account().to_owned()
}

fn run() -> Run<BankEvent> {
    Run::background().batch(7).partitions(2, key)
}

/// Writes and projects, with rebuilds now and then, until it is killed.
fn work(place: &str) {
    let (backend, sqlite) = open(place);
    let app = start(&backend, &sqlite, &Faults::default(), run());
    let handle = app.projection_named("balances").unwrap();
    println!("working");
    loop {
        for _ in 0..20 {
            append(&*backend, deposits(5));
        }
        fresh(&app);
        // One that is being built already goes on being built.
        if let Ok(model) = block_on(handle.rebuild()) {
            append(&*backend, deposits(5));
            block_on(handle.switched(&model, LONG)).unwrap();
            block_on(handle.drop_old()).unwrap();
        }
    }
}

#[test]
fn a_killed_process_leaves_what_a_replay_gives() {
    if let Some(place) = std::env::var_os(PLACE_OF_CHILD) {
        work(place.to_str().unwrap());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let home = Home::shared();
    let place = home.as_ref().and_then(Home::place);
    let place = place.unwrap_or_else(|| dir.path().to_str().unwrap().to_owned());
    // Always the same moments, as far as a machine lets them be.
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round | 1);
        let child = begin(&place);
        die_after(child, Duration::from_micros(500 + (random >> 33) % 60_000));

        let (backend, sqlite) = open(&place);
        forget_the_dead(&*backend);
        check_half_way(&*backend, &sqlite);
        let app = start(&backend, &sqlite, &Faults::default(), run());
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false), "round {round}");
        stop(&app);
        block_on(backend.close()).unwrap();
    }
}

fn open(place: &str) -> (Arc<dyn Backend>, Tables) {
    if let Some(home) = Home::at_place(place) {
        return home.open_with_tables();
    }
    let backend = block_on(annals::open(&format!("file:{place}/events"))).unwrap();
    (backend, Tables::Sqlite(Sqlite::open(format!("{place}/read.db")).unwrap()))
}

/// What the dead held is free after its time, for which nobody has to wait here.
fn forget_the_dead(backend: &dyn Backend) {
    let leases: Vec<_> = block_on(backend.states(StateKind::Lease, "").try_collect()).unwrap();
    for lease in leases {
        let put = StatePut { key: lease.key, expected: StateExpected::Any, value: None };
        block_on(backend.put_state(put)).unwrap();
    }
}

/// Starts the child and waits until it is at work.
fn begin(place: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "projections::kills::a_killed_process_leaves_what_a_replay_gives"])
        .arg("--nocapture")
        .env(PLACE_OF_CHILD, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    assert!(said.lines().any(|line| line.unwrap().contains("working")), "the child did not begin");
    child
}

/// Kills it, without a chance to do anything more, after a while of work.
fn die_after(mut child: Child, time: Duration) {
    let never = event_listener::Event::<()>::new();
    let moment = never.listen();
    assert!(event_listener::Listener::wait_timeout(moment, time).is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

/// As it was killed: each row is what the events of its account up to some place give.
fn check_half_way(backend: &dyn Backend, sqlite: &Tables) {
    let all = replayed(backend, |_| false);
    let is_there = sqlite.rows(
        "SELECT 'true' FROM sqlite_schema WHERE type = 'view' AND name = 'balances'",
        "SELECT 'true' FROM information_schema.views \
         WHERE table_schema = current_schema() AND table_name = 'balances'",
    );
    if is_there.is_empty() {
        return;
    }
    for (account, (cents, events, log)) in rows(sqlite) {
        let changes: Vec<i64> = log.split_whitespace().map(|text| text.parse().unwrap()).collect();
        assert!(all[&account].2.starts_with(&log), "{account}: {log}");
        assert_eq!((changes.iter().sum::<i64>(), changes.len() as i64), (cents, events));
    }
}
