//! Harm to what a node keeps on its disk.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::PathBuf,
    time::Duration,
};

use annals_cluster::{Notice, store_dir};
use annals_core::{Backend, ErrorKind};
use annals_engine::Problem;
use annals_testbed::wait_until;
use futures_lite::{StreamExt, future::block_on};

use crate::{
    bed::{copy, put_back},
    check::read_all,
    round::Round,
    seats::{C, NAMES},
};

/// How many appends are made between two things.
const MEANWHILE: u64 = 300;
/// Far more than a node takes to tell of its trouble.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn delete(round: &mut Round) {
    for _ in 0..round.size.times() {
        round.bed.kill_other();
        fs::remove_dir_all(folder(round)).unwrap();
        round.reach(MEANWHILE);
        round.bed.start_other().unwrap();
        round.reach(MEANWHILE);
    }
}

pub(crate) fn damage_sealed(round: &mut Round) {
    damage(round, Which::First);
}

pub(crate) fn damage_open(round: &mut Round) {
    damage(round, Which::Last);
}

pub(crate) fn roll_back(round: &mut Round) {
    let copied = round.bed.folder("copy");
    round.bed.close_other();
    copy(&folder(round), &copied);
    round.bed.start_other().unwrap();
    for _ in 0..round.size.times() {
        round.reach(MEANWHILE);
        round.bed.kill_other();
        put_back(&copied, &folder(round));
        round.reach(MEANWHILE);
        round.bed.start_other().unwrap();
    }
}

pub(crate) fn fill_the_disk(round: &mut Round) {
    let disk = round.bed.disk.as_ref().unwrap();
    disk.fill();
    let trouble = wait_for_trouble(round);
    assert!(trouble.contains("No space left"), "{trouble}");
    wait_until("the others know that it is not well", || !is_well(round)).unwrap();
    round.last(round.size.pause());
    disk.empty();
    round.note(format!("node c said: \"{trouble}\""));
    wait_until("it goes on by itself", || is_well(round)).unwrap();
}

/// Whether node `c` is well, as node `a` knows.
fn is_well(round: &Round) -> bool {
    let nodes = round.bed.seats.here[0].nodes();
    nodes.iter().any(|node| node.name.as_str() == NAMES[C] && node.is_alive)
}

/// What node `c` tells of its trouble.
fn wait_for_trouble(round: &Round) -> String {
    let log = round.bed.log();
    let told = async move {
        let mut told = log.hear();
        loop {
            let notice = Notice::decode(&told.next().await.unwrap());
            if let Some(trouble) =
                notice.filter(|notice| notice.name == NAMES[C]).and_then(|notice| notice.trouble)
            {
                return trouble;
            }
        }
    };
    round
        .bed
        .on_runtime(async move { tokio::time::timeout(PATIENCE, told).await })
        .expect("the node tells of its trouble")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    First,
    Last,
}

/// Flips a byte. Opening the node and reading all of it must end well or say what is wrong and what
/// to do. What no reader comes by, as where an old commit comes from, is left to who reads every
/// byte: `annals verify`. A folder that anything is wrong with is moved away.
fn damage(round: &mut Round, which: Which) {
    wait_until("some segments are full", || segments(round).len() > 2).unwrap();
    round.bed.kill_other();
    flip(round, which);
    round.reach(MEANWHILE);
    let opened = round.bed.open_named(NAMES[C]).and_then(|node| {
        let read = read_all(&node);
        block_on(node.close())?;
        read
    });
    let store = store_dir(&folder(round));
    let report = annals_engine::verify(&store, &mut |_, _| {}).unwrap();
    let said = match (opened, report.problems.first()) {
        (Ok(_), None) => None,
        (Ok(_), Some(Problem { file, what, .. })) => {
            Some(format!("node c saw nothing, `annals verify` said of `{file}`: \"{what}\""))
        }
        (Err(error), problem) => {
            assert_eq!(error.kind(), ErrorKind::Corrupted, "{error}");
            assert!(problem.is_some(), "`annals verify` saw nothing, but node c said: {error}");
            Some(format!("node c said: \"{error}\""))
        }
    };
    if let Some(said) = said {
        round.note(format!("{said}; its folder was moved away"));
        fs::remove_dir_all(folder(round)).unwrap();
    } else {
        assert_eq!(which, Which::Last, "nothing mends a sealed segment");
        round.note("node c came back by itself");
    }
    round.bed.start_other().unwrap();
    round.reach(MEANWHILE);
}

/// The segments of node `c`, in order.
fn segments(round: &Round) -> Vec<PathBuf> {
    let log = store_dir(&folder(round)).join("log");
    let files = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|name| name == "seg")).collect();
    segments.sort();
    segments
}

fn flip(round: &Round, which: Which) {
    let segments = segments(round);
    let path = match which {
        Which::First => segments.first(),
        Which::Last => segments.last(),
    };
    let mut file = OpenOptions::new().read(true).write(true).open(path.unwrap()).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let middle = written / 2;
    file.seek(SeekFrom::Start(middle as u64)).unwrap();
    file.write_all(&[bytes[middle] ^ 1]).unwrap();
}

fn folder(round: &Round) -> PathBuf {
    round.bed.folder(NAMES[C])
}
