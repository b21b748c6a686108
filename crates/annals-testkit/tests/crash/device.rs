//! A device that has no more space, cannot sync, or cannot read: the request fails and says why,
//! what was acknowledged stays, and the store goes on where it can.

use annals_core::{Append, Backend, ErrorKind, ExpectedVersion, StreamName};
use annals_testkit::faults::{Fault, FaultStorage};
use futures_lite::future::block_on;

use crate::{
    expected::{Expected, naming},
    picture::Picture,
    room::Room,
};

fn operations(expected: &Expected) -> (u64, u64) {
    let room = Room::new(FaultStorage::new());
    let store = room.open().expect("a good disk");
    expected.finish(&room, &store, 0);
    (room.disk.operations(), room.disk.reads())
}

#[test]
fn a_full_disk_refuses_and_the_store_goes_on_when_there_is_space() {
    let expected = Expected::of(2);
    let mut usable = 0;
    for operation in 0..operations(&expected).0 {
        let name = || format!("full from operation {operation} on");
        naming(name, || {
            let room = Room::new(FaultStorage::new());
            room.disk.plan(Fault::FullFrom(operation));
            let Ok(store) = room.open().inspect_err(|error| {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            }) else {
                room.disk.heal();
                let store = room.open().expect("there is space again");
                return expected.finish(&room, &store, 0);
            };
            let answered = room.run(&store, &expected.steps, 0);
            let refused = expected.steps.get(answered).map(|step| step.run(&store));
            let kind = refused.map(|refused| refused.expect_err("the disk is full").kind());
            assert_eq!(expected.check(&store, answered), answered, "a refusal writes nothing");
            room.disk.heal();
            if let Some(kind) = kind {
                let is_expected = matches!(kind, ErrorKind::Unavailable | ErrorKind::Poisoned);
                assert!(is_expected, "a full disk is not {kind:?}");
            }
            let answered = room.run(&store, &expected.steps, answered);
            if answered == expected.steps.len() {
                usable += 1;
                return expected.check_finished(&store);
            }
            // A segment could not be sealed, which happens behind the back of the writers.
            drop(store);
            let store = room.open().expect("there is space again");
            let held = expected.check(&store, answered);
            expected.finish(&room, &store, held);
        });
    }
    assert!(usable > 5, "refusals leave the store usable, {usable} did");
}

#[test]
fn after_a_failed_sync_nothing_is_written_until_the_store_is_opened_again() {
    let expected = Expected::of(2);
    let mut poisoned = 0;
    for operation in 0..operations(&expected).0 {
        let name = || format!("the sync at operation {operation} fails");
        naming(name, || {
            let room = Room::new(FaultStorage::new());
            room.disk.plan(Fault::FailSyncAt(operation));
            let Ok(store) = room.open() else { return };
            let answered = room.run(&store, &expected.steps, 0);
            if answered < expected.steps.len() {
                poisoned += 1;
                let event = annals_core::NewEvent::new("late".parse().unwrap(), "{}");
                let late = StreamName::new("late").unwrap();
                let append = Append::to(late, ExpectedVersion::Any, [event]);
                let error = block_on(store.append(append)).expect_err("the store is poisoned");
                assert_eq!(error.kind(), ErrorKind::Poisoned, "{error}");
                Picture::of(&store).expect("a poisoned store can be read");
            }
            drop(store);
            for seed in 0..3 {
                let restarted = Room::new(room.disk.restart(seed));
                restarted.take_index_of(&room);
                let store = restarted.open().unwrap_or_else(|error| panic!("{error}"));
                let held = expected.check(&store, answered);
                expected.finish(&restarted, &store, held);
            }
        });
    }
    assert!(poisoned > 10, "most syncs matter, {poisoned} did");
}

#[test]
fn a_read_that_fails_gives_an_error_or_the_right_answer_never_a_wrong_one() {
    let expected = Expected::of(2);
    let room = Room::new(FaultStorage::new());
    let store = room.open().expect("a good disk");
    expected.finish(&room, &store, 0);
    let before = room.disk.reads();
    let right = Picture::of(&store).expect("a good disk");
    let reads = room.disk.reads() - before;
    let mut failed = 0;
    for read in (0..reads).step_by(3) {
        for fault in [Fault::FailReadAt, Fault::ShortReadAt] {
            room.disk.plan(fault(room.disk.reads() + read));
            let seen = Picture::of(&store);
            room.disk.heal();
            match seen {
                Ok(seen) => assert_eq!(seen.difference(&right), None, "read {read}"),
                Err(_) => failed += 1,
            }
        }
    }
    assert!(reads == 0 || failed > 0, "a failed read is noticed");
    expected.check_finished(&store);
}

#[test]
fn a_store_opens_whole_or_not_at_all_when_a_read_fails() {
    let expected = Expected::of(2);
    let full = Room::new(FaultStorage::new());
    let store = full.open().expect("a good disk");
    expected.finish(&full, &store, 0);
    drop(store);
    let reads = {
        let room = full.copy();
        room.open().expect("a good disk");
        room.disk.reads()
    };
    for read in 0..reads {
        for fault in [Fault::FailReadAt(read), Fault::ShortReadAt(read)] {
            naming(
                || format!("{fault:?} of {reads}"),
                || {
                    let room = full.copy();
                    room.disk.plan(fault);
                    if let Ok(store) = room.open() {
                        expected.check_finished(&store);
                    }
                    room.disk.heal();
                    let store = room.open().unwrap_or_else(|error| panic!("{error}"));
                    expected.check_finished(&store);
                },
            );
        }
    }
}
