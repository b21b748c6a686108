//! The machine stops at each operation of the workload in turn, and at each operation of the
//! recovery from that. What comes back is all that was acknowledged, whole and in order, perhaps
//! with the one request that was on its way, and nothing else; and the workload goes on from there
//! as if nothing had happened.

use annals_engine::Embedded;
use annals_testkit::faults::{Fault, FaultStorage};

use crate::{
    expected::{Expected, naming},
    room::Room,
};

/// A run that stopped: the room it left behind and how many steps were answered.
struct Stopped {
    room: Room,
    answered: usize,
}

fn stop_at(operation: u64, expected: &Expected) -> Stopped {
    let room = Room::new(FaultStorage::new());
    room.disk.plan(Fault::CrashAt(operation));
    let answered = match room.open() {
        Ok(store) => room.run(&store, &expected.steps, 0),
        Err(_) => 0,
    };
    Stopped { room, answered }
}

/// What became of the index in the meantime.
#[derive(Debug, Clone, Copy)]
enum Index {
    /// It is as it was; it may know more than the log.
    Kept,
    Deleted,
    /// It is that of an earlier moment, or of none.
    RolledBack,
    /// It is that of the finished workload.
    FromLater,
}

impl Index {
    const fn by(seed: u64) -> Self {
        match seed % 4 {
            0 => Self::Kept,
            1 => Self::Deleted,
            2 => Self::RolledBack,
            _ => Self::FromLater,
        }
    }
}

fn seeds() -> u64 {
    let text = std::env::var("ANNALS_CRASH_SEEDS").unwrap_or_default();
    text.parse().unwrap_or(4)
}

/// The store after a restart.
fn restart(stopped: &Room, seed: u64, [earlier, later]: [&Room; 2]) -> (Room, Embedded) {
    let room = Room::new(stopped.disk.restart(seed));
    let index = match Index::by(seed) {
        Index::Kept => Some(stopped),
        Index::Deleted => None,
        Index::RolledBack => Some(earlier),
        Index::FromLater => Some(later),
    };
    if let Some(index) = index {
        room.take_index_of(index);
    }
    match room.open() {
        Ok(store) => (room, store),
        Err(error) => panic!("the store does not open: {error} {:?}", error.context()),
    }
}

#[test]
fn a_machine_that_stops_at_any_operation_loses_nothing_acknowledged() {
    let expected = Expected::of(3);
    let whole = stop_at(u64::MAX, &expected);
    assert_eq!(whole.answered, expected.steps.len());
    let operations = whole.room.disk.operations();
    let mut earlier = Room::new(FaultStorage::new());
    for operation in 0..operations {
        let stopped = stop_at(operation, &expected);
        for number in 0..seeds() {
            let seed = operation * 1_001 + number;
            let index = Index::by(seed);
            let name = || format!("stopped at operation {operation}, seed {seed}, index {index:?}");
            naming(name, || {
                let (room, store) = restart(&stopped.room, seed, [&earlier, &whole.room]);
                let held = expected.check(&store, stopped.answered);
                expected.finish(&room, &store, held);
            });
        }
        if operation % 10 == 9 {
            earlier = stopped.room;
        }
    }
}

#[test]
fn a_machine_that_stops_while_recovering_loses_nothing_either() {
    let expected = Expected::of(2);
    let operations = stop_at(u64::MAX, &expected).room.disk.operations();
    for operation in (0..operations).step_by(3) {
        let stopped = stop_at(operation, &expected);
        // So many operations at most does a recovery of this store take; stopping later changes
        // nothing.
        for again in 0..12 {
            let seed = operation * 101 + again;
            let name = || format!("stopped at operation {operation}, then at {again}, seed {seed}");
            naming(name, || {
                let recovering = Room::new(stopped.room.disk.restart(seed));
                recovering.take_index_of(&stopped.room);
                recovering.disk.plan(Fault::CrashAt(again));
                drop(recovering.open());
                let room = Room::new(recovering.disk.restart(seed + 1));
                room.take_index_of(&recovering);
                let store = room.open().unwrap_or_else(|error| panic!("{error}"));
                let held = expected.check(&store, stopped.answered);
                expected.finish(&room, &store, held);
            });
        }
    }
}
