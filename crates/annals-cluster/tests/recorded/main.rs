//! The same log gives the same store, byte for byte: applied twice, by nodes that were there while
//! it was written, and by every build of Annals. `testdata/cluster/v1` has a log that was recorded,
//! and what it has to give; a build that gives anything else would differ from the nodes that run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod damage;
mod latest;
mod play;
mod tape;

use std::{path::Path, sync::Arc, time::Duration};

use annals_cluster::{
    Cluster, Settings,
    log::{MemoryLog, OrderedLog},
};
use annals_core::{Append, Backend, ErrorKind, EventType, ExpectedVersion, NewEvent, StreamName};
use bytes::Bytes;
use futures_lite::future::block_on;
use tape::{Given, Tape};

/// Far more than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// A folder to write a new recording to, for a new version of the rules.
const RECORD: &str = "ANNALS_RECORD";

/// Opens a node on a log, in a folder.
fn open(log: &MemoryLog, dir: &Path) -> annals_core::Result<Cluster> {
    let settings = Settings {
        store: "recorded".to_owned(),
        dir: dir.to_owned(),
        name: None,
        timeout: PATIENCE,
        clock: None,
        progress: None,
    };
    block_on(Cluster::start(Arc::new(log.clone()), settings))
}

/// What a new node has that applies a log.
fn given(tape: &Tape) -> Given {
    let dir = tempfile::tempdir().unwrap();
    let node = open(&tape.log(), dir.path()).unwrap();
    block_on(node.close()).unwrap();
    Given::of(&node, dir.path())
}

#[test]
fn a_log_gives_new_nodes_what_the_nodes_have_that_wrote_it() {
    let (tape, live) = play::play();
    let [one, other] = &live[..] else { panic!("two nodes") };
    assert_eq!(one, other);
    for _ in 0..2 {
        assert_eq!(&given(&tape), one);
    }
    if let Ok(folder) = std::env::var(RECORD) {
        tape.write(Path::new(&folder));
        one.write(Path::new(&folder));
    }
}

#[test]
fn this_build_gives_what_the_one_gave_that_recorded_the_log() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/cluster/v1"));
    let (tape, expected) = (Tape::read(folder), Given::read(folder));
    for _ in 0..2 {
        assert_eq!(given(&tape), expected);
    }
}

#[test]
fn an_entry_by_newer_rules_stops_a_node_that_runs_and_one_that_starts() {
    let log = play::play().0.log();
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let node = open(&log, dirs[0].path()).unwrap();
    let (_, last) = log.messages().pop().unwrap();
    let entry = block_on(log.publish(by_rules(2, &last))).unwrap();
    let event = NewEvent::new(EventType::new("late").unwrap(), "{}");
    let stream = StreamName::new("late").unwrap();
    let refused = block_on(node.append(Append::to(stream, ExpectedVersion::Any, [event])));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Poisoned);
    let started = open(&log, dirs[1].path()).unwrap_err();
    for why in [node.trouble().unwrap(), started] {
        assert_eq!(why.kind(), ErrorKind::Unsupported);
        let message = why.message();
        assert!(message.contains(&format!("entry {entry} ")), "{message}");
        assert!(message.contains("rules 2") && message.contains("newer version"), "{message}");
    }
    let head = block_on(node.head()).unwrap();
    assert!(head.is_some(), "what it has can still be read");
}

/// The same message, as a newer version would have written it.
fn by_rules(rules: u16, message: &Bytes) -> Bytes {
    let mut message = message.to_vec();
    message[8..10].copy_from_slice(&rules.to_le_bytes());
    let checksum = crc32c::crc32c(&message[8..]);
    message[4..8].copy_from_slice(&checksum.to_le_bytes());
    message.into()
}
