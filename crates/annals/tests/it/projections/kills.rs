//! A process killed at random moments, again and again, while it writes and projects.
//!
//! The read model must equal a replay from nothing each time it is looked at, row by row.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use annals::*;
use futures_lite::future::block_on;

use super::bank::*;

/// Names the folder that the child process is to work in.
const FOLDER_OF_CHILD: &str = "ANNALS_TEST_FOLDER";
const KILLS: u64 = 20;

fn key(event: &Recorded<BankEvent>) -> String {
    event.account().to_owned()
}

fn run() -> Run<BankEvent> {
    Run::background().batch(7).partitions(2, key)
}

/// Writes and projects, with rebuilds now and then, until it is killed.
fn work(folder: &str) {
    let backend = block_on(annals::open(&format!("file:{folder}/events"))).unwrap();
    let sqlite = Sqlite::open(format!("{folder}/read.db")).unwrap();
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
    if let Some(folder) = std::env::var_os(FOLDER_OF_CHILD) {
        work(folder.to_str().unwrap());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // Always the same moments, as far as a machine lets them be.
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round | 1);
        let child = begin(dir.path());
        die_after(child, Duration::from_micros(500 + (random >> 33) % 60_000));

        let backend =
            block_on(annals::open(&format!("file:{}", dir.path().join("events").display())));
        let backend = backend.unwrap();
        let sqlite = Sqlite::open(dir.path().join("read.db")).unwrap();
        check_half_way(&*backend, &sqlite);
        let app = start(&backend, &sqlite, &Faults::default(), run());
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false), "round {round}");
        stop(&app);
        block_on(backend.close()).unwrap();
    }
}

/// Starts the child and waits until it is at work.
fn begin(folder: &std::path::Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "projections::kills::a_killed_process_leaves_what_a_replay_gives"])
        .arg("--nocapture")
        .env(FOLDER_OF_CHILD, folder)
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
fn check_half_way(backend: &dyn Backend, sqlite: &Sqlite) {
    let all = replayed(backend, |_| false);
    let is_there = block_on(sqlite.read(|connection| {
        let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = 'balances'";
        connection.prepare(sql)?.exists([])
    }));
    if !is_there.unwrap() {
        return;
    }
    for (account, (cents, events, log)) in rows(sqlite) {
        let changes: Vec<i64> = log.split_whitespace().map(|text| text.parse().unwrap()).collect();
        assert!(all[&account].2.starts_with(&log), "{account}: {log}");
        assert_eq!((changes.iter().sum::<i64>(), changes.len() as i64), (cents, events));
    }
}
