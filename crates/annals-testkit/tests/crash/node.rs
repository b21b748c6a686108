//! The machine stops at each operation of a node's store. What comes back is what a beginning of
//! its log gives, and a node that goes on with the log has the segments of one that never stopped,
//! byte for byte.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use annals_core::{
    Append, EventId, EventType, ExpectedVersion, Name, NewEvent, Position, Query, RecordedState,
    Restore, Result, StateExpected, StateKey, StateKind, StatePut, StreamName, Timestamp, Version,
};
use annals_engine::{At, Command, Engine, Options, Replica};
use annals_testkit::faults::{Fault, FaultStorage};
use bytes::Bytes;
use uuid::Uuid;

use crate::{expected::naming, room::time_of};

const ENTRIES: u64 = 18;

fn options() -> Options {
    Options {
        segment_bytes_first: 512,
        segment_bytes_max: 2_048,
        store_id: Some(Uuid::from_u128(1)),
        hash_seed: Some(2),
        ..Options::default()
    }
}

fn event(number: u64) -> NewEvent {
    let id = EventId::derived(Uuid::from_u128(9), &number.to_le_bytes());
    NewEvent::new(EventType::new("counted").unwrap(), format!("{{\"n\":{number}}}")).with_id(id)
}

fn append(stream: &'static str, expected: ExpectedVersion, number: u64) -> Command {
    let stream = StreamName::new(stream).unwrap();
    Command::Append(Append::to(stream, expected, [event(number)]))
}

/// What an entry asks for: things that are taken, that depend on one another, and that are refused.
fn commands(entry: u64) -> Vec<Command> {
    let exact = ExpectedVersion::Exact(Version::new(entry - 1));
    let key = StateKey { kind: StateKind::Lease, name: Name::new("lease").unwrap() };
    let value = Some(Bytes::from(entry.to_le_bytes().to_vec()));
    let unless = Append::to(StreamName::new("c-1").unwrap(), ExpectedVersion::Any, [event(entry)]);
    vec![
        append("a-1", ExpectedVersion::Any, 10 * entry),
        append("a-1", exact, 10 * entry + 1),
        append("b-1", ExpectedVersion::NoStream, 10 * entry + 2),
        Command::PutState(StatePut { key, expected: StateExpected::Any, value }),
        Command::Append(unless.unless(Query::all(), Some(Position::new(4 * entry)))),
        append("a-1", ExpectedVersion::Any, 10 * entry),
        restored(entry),
    ]
}

/// Two pieces of state, which are two commits of one command.
fn restored(entry: u64) -> Command {
    let state = |number: u64| RecordedState {
        key: StateKey::checkpoint(Name::new("restored").unwrap()),
        revision: 100 * entry + number,
        value: Some(Bytes::from(number.to_be_bytes().to_vec())),
        recorded_at: time_of(entry as usize),
    };
    Command::Restore(Restore::states(vec![state(1), state(2)]))
}

fn open(disk: &FaultStorage, index: &tempfile::TempDir) -> Result<(Engine, Replica)> {
    let folder: PathBuf = index.path().join("index");
    Engine::open_replica_with(Arc::new(disk.clone()), folder, &options())
}

/// Applies all entries; gives how many were shown.
fn apply_all(replica: &mut Replica) -> Result<u64, u64> {
    for entry in 1..=ENTRIES {
        for (index, command) in (0..).zip(commands(entry)) {
            let (time, mark): (Timestamp, u32) = (time_of(entry as usize), entry as u32);
            drop(replica.apply(At { entry, index, time, mark }, command).map_err(|_| entry - 1)?);
        }
        if entry % 3 == 0 {
            replica.show().map_err(|_| entry - 3)?;
        }
    }
    Ok(ENTRIES)
}

/// The segments, without what a node makes in advance.
fn segments(disk: &FaultStorage) -> BTreeMap<String, Vec<u8>> {
    let mut files = disk.contents();
    files.retain(|name, _| name.ends_with(".seg"));
    files
}

fn whole() -> (BTreeMap<String, Vec<u8>>, u64, u64) {
    let (disk, index) = (FaultStorage::new(), tempfile::tempdir().unwrap());
    let (engine, mut replica) = open(&disk, &index).unwrap();
    assert_eq!(apply_all(&mut replica), Ok(ENTRIES));
    let digest = replica.digest();
    drop(replica);
    engine.close().unwrap();
    (segments(&disk), digest, disk.operations())
}

#[test]
fn the_same_log_gives_the_same_bytes() {
    let (first, second) = (whole(), whole());
    assert!(first.0.len() > 2, "there are several segments");
    assert!(first.0 == second.0);
    assert_eq!(first.1, second.1);
}

#[test]
fn a_machine_that_stops_while_a_log_is_applied_goes_on_with_it() {
    let (bytes, digest, operations) = whole();
    for operation in 0..operations {
        let (disk, index) = (FaultStorage::new(), tempfile::tempdir().unwrap());
        disk.plan(Fault::CrashAt(operation));
        if let Ok((engine, mut replica)) = open(&disk, &index) {
            // Somewhere, or at the end.
            let (Ok(_stopped) | Err(_stopped)) = apply_all(&mut replica);
            drop(replica);
            drop(engine);
        }
        naming(
            || format!("stopped at operation {operation}"),
            || {
                let disk = disk.restart(operation * 1_001);
                let (engine, mut replica) = open(&disk, &index).expect("the store opens");
                assert_eq!(apply_all(&mut replica), Ok(ENTRIES));
                assert_eq!(replica.digest(), digest);
                drop(replica);
                engine.close().unwrap();
                assert!(segments(&disk) == bytes, "the segments differ");
            },
        );
    }
}
