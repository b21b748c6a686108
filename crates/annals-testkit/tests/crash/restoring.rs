//! The machine stops at each operation while a store is restored. What comes back is a beginning
//! of the source with all that was acknowledged, and whoever goes on after its head ends with the
//! whole.

use std::sync::Arc;

use annals_core::{
    Backend, ManualClock, MemoryBackend, Query, ReadAll, RecordedState, Restore, Result, StateKind,
};
use annals_testkit::faults::{Fault, FaultStorage};
use futures_lite::{StreamExt, future::block_on};

use crate::{
    expected::naming,
    picture::Picture,
    room::{Room, run, time_of},
    workload,
};

/// Events in a batch: several commits, and more than a segment holds.
const BATCH_EVENTS: usize = 9;

/// All that a store holds.
fn source() -> Restore {
    let clock = Arc::new(ManualClock::at(time_of(0)));
    let store = MemoryBackend::with_clock(Arc::<ManualClock>::clone(&clock));
    run(&store, &clock, &workload::steps(2), 0);
    let events = block_on(store.read(ReadAll::new(Query::all()).into()).try_collect()).unwrap();
    let of_kind = |kind| -> Vec<_> { block_on(store.states(kind, "").try_collect()).unwrap() };
    let entries = StateKind::ALL.into_iter().flat_map(of_kind);
    let states = entries.map(|entry: annals_core::StateEntry| RecordedState {
        key: entry.key,
        revision: entry.revision,
        value: Some(entry.value),
        recorded_at: entry.recorded_at,
    });
    let mut states: Vec<_> = states.collect();
    states.sort_by_key(|state| state.revision);
    Restore { events, states }
}

/// Restores what a store lacks; gives how many events were acknowledged in all.
fn go_on(store: &dyn Backend, source: &Restore) -> Result<usize, usize> {
    let held = Picture::of(store).map_err(|_| 0_usize)?.events.len();
    let mut done = held;
    for batch in source.events[held..].chunks(BATCH_EVENTS) {
        block_on(store.restore(Restore::events(batch.to_vec()))).map_err(|_| done)?;
        done += batch.len();
    }
    let revision = block_on(store.info()).map_err(|_| done)?.revision;
    let mut states = source.states.clone();
    states.retain(|state| state.revision > revision);
    block_on(store.restore(Restore::states(states))).map_err(|_| done)?;
    Ok(done)
}

#[test]
fn a_machine_that_stops_while_restoring_keeps_a_beginning() {
    let source = source();
    let reference = MemoryBackend::new();
    go_on(&reference, &source).unwrap();
    let whole = Picture::of(&reference).unwrap();
    let room = Room::new(FaultStorage::new());
    assert_eq!(go_on(&room.open().unwrap(), &source), Ok(source.events.len()));
    for operation in 0..room.disk.operations() {
        let stopped = Room::new(FaultStorage::new());
        stopped.disk.plan(Fault::CrashAt(operation));
        let acknowledged = match stopped.open() {
            Ok(store) => go_on(&store, &source).unwrap_or_else(|done| done),
            Err(_) => 0,
        };
        naming(
            || format!("stopped at operation {operation}"),
            || {
                let room = Room::new(stopped.disk.restart(operation * 1_001));
                let store = room.open().expect("the store opens after a crash");
                let held = Picture::of(&store).unwrap().events;
                assert!(held.len() >= acknowledged, "{} of {acknowledged}", held.len());
                assert_eq!(held, source.events[..held.len()]);
                assert_eq!(go_on(&store, &source), Ok(source.events.len()));
                let difference = Picture::of(&store).unwrap().difference(&whole);
                assert_eq!(difference, None, "after it went on");
            },
        );
    }
}
