//! The store of a node: what a log writes, command by command.

use std::path::Path;

use annals_core::*;
use annals_engine::{At, Command, Engine, Outcome, Replica, verify};

use crate::support::{event, read_all, stream, tiny};

fn at(entry: u64, index: u32) -> At {
    At { entry, index, time: Timestamp::from_micros(entry as i64), mark: entry as u32 }
}

fn append(to: &str, expected: ExpectedVersion, number: u64) -> Command {
    Command::Append(Append::to(stream(to), expected, [event(number)]))
}

fn open(dir: &Path) -> (Engine, Replica) {
    Engine::open_replica(dir, &tiny()).unwrap()
}

fn refused(outcome: Result<Outcome>) -> ErrorKind {
    outcome.unwrap_err().kind()
}

#[test]
fn commands_of_one_entry_stand_on_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, mut replica) = open(dir.path());
    let first = replica.apply(at(1, 0), append("a-1", ExpectedVersion::NoStream, 1)).unwrap();
    assert!(matches!(first, Ok(Outcome::Appended(_))));
    let second = replica.apply(at(1, 1), append("a-1", ExpectedVersion::NoStream, 2)).unwrap();
    assert_eq!(refused(second), ErrorKind::WrongExpectedVersion);
    let exact = ExpectedVersion::Exact(Version::FIRST);
    let third = replica.apply(at(1, 2), append("a-1", exact, 3)).unwrap();
    assert!(matches!(third, Ok(Outcome::Appended(_))));
    let again = replica.apply(at(1, 3), append("a-1", ExpectedVersion::NoStream, 1)).unwrap();
    let Ok(Outcome::Appended(again)) = again else { panic!("{again:?}") };
    assert!(again.duplicate);
    replica.show().unwrap();
    let recorded: Vec<_> = read_all(&engine).iter().map(|event| event.recorded_at).collect();
    assert_eq!(recorded, [Timestamp::from_micros(1); 2]);
    drop(replica);
}

#[test]
fn what_was_applied_is_not_applied_again() {
    let dir = tempfile::tempdir().unwrap();
    let digest = {
        let (_engine, mut replica) = open(dir.path());
        drop(replica.apply(at(1, 0), append("a-1", ExpectedVersion::Any, 1)).unwrap());
        drop(replica.apply(at(2, 0), append("a-1", ExpectedVersion::Any, 2)).unwrap());
        replica.show().unwrap();
        replica.digest()
    };
    let (engine, mut replica) = open(dir.path());
    assert_eq!(replica.newest().map(|at| (at.entry, at.index, at.mark)), Some((2, 0, 2)));
    assert_eq!(replica.digest(), digest);
    for entry in 1..=2 {
        let again = replica.apply(at(entry, 0), append("a-1", ExpectedVersion::Any, entry));
        assert_eq!(again.unwrap().unwrap(), Outcome::AppliedBefore);
    }
    let next = replica.apply(at(2, 1), append("a-1", ExpectedVersion::Any, 3)).unwrap();
    assert!(matches!(next, Ok(Outcome::Appended(_))));
    replica.show().unwrap();
    assert_eq!(read_all(&engine).len(), 3);
    drop(replica);
}

#[test]
fn only_its_log_writes_a_node_s_store() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, mut replica) = open(dir.path());
    drop(replica.apply(at(1, 0), append("a-1", ExpectedVersion::Any, 1)).unwrap());
    replica.show().unwrap();
    let direct = Append::to(stream("a-1"), ExpectedVersion::Any, [event(2)]);
    assert_eq!(engine.append(direct.clone()).unwrap_err().kind(), ErrorKind::Unsupported);
    drop(replica);
    engine.close().unwrap();
    let engine = Engine::open(dir.path(), tiny()).unwrap();
    assert_eq!(engine.append(direct).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(read_all(&engine).len(), 1);
    engine.close().unwrap();
    let report = verify(dir.path(), &mut |_, _| {}).unwrap();
    assert!(report.problems.is_empty(), "{report:?}");
}

#[test]
fn a_store_that_others_write_becomes_no_node() {
    let dir = tempfile::tempdir().unwrap();
    Engine::open(dir.path(), tiny()).unwrap().close().unwrap();
    let error = Engine::open_replica(dir.path(), &tiny()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn what_was_restored_in_part_is_gone_on_with() {
    let source = tempfile::tempdir().unwrap();
    let store = crate::support::open(source.path());
    for number in 0..2 {
        crate::support::append(&store, "a-1", number).unwrap();
    }
    let mut events = read_all(&store);
    let dir = tempfile::tempdir().unwrap();
    let (engine, mut replica) = open(dir.path());
    events[1].recorded_at = Timestamp::from_micros(i64::MAX);
    let mut restore = |events: &[RecordedEvent]| {
        let restore = Command::Restore(Restore::events(events.to_vec()));
        replica.apply(at(1, 0), restore).unwrap().unwrap()
    };
    // As a kill between its two commits leaves it.
    assert_eq!(restore(&events[..1]), Outcome::Restored);
    assert_eq!(restore(&events), Outcome::Restored);
    assert_eq!(restore(&events), Outcome::AppliedBefore);
    replica.show().unwrap();
    assert_eq!(read_all(&engine), events);
    drop(replica);
}
