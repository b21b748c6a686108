//! A crowd of writers when the machine stops: judged by the history of what they did.

use annals_core::{
    Append, Backend, BoxStream, EventType, ExpectedVersion, NewEvent, Query, ReadAll,
    RecordedEvent, Result, StreamName,
};
use annals_engine::Embedded;
use annals_testkit::{
    History,
    faults::{Fault, FaultStorage},
};
use futures_lite::{StreamExt, future::block_on};

use crate::{expected::naming, room::Room};

const WRITERS: u64 = 4;

/// Appends to an own and to a shared stream until the machine stops.
fn write(store: &Embedded, history: &History, writer: u64) {
    for round in 0..10_u64 {
        let events = |count: u64| {
            let new = |_| NewEvent::new(EventType::new("a").unwrap(), vec![7; 40]);
            (0..count).map(new).collect::<Vec<_>>()
        };
        let stream = |name: String| StreamName::new(name).unwrap();
        let append =
            Append::to(stream("shared".to_owned()), ExpectedVersion::Any, events(round % 3 + 1))
                .and(stream(format!("own-{writer}")), ExpectedVersion::Any, events(1));
        if history.append(store, append).is_err() {
            return;
        }
    }
}

fn all(store: &Embedded) -> Vec<RecordedEvent> {
    let events: BoxStream<'static, Result<RecordedEvent>> =
        store.read(ReadAll::new(Query::all()).into());
    block_on(events.try_collect()).expect("a store that opened can be read")
}

/// Writes in a crowd on this disk; gives what was done.
fn race(room: &Room) -> History {
    let history = History::new();
    if let Ok(store) = room.open() {
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (store, history) = (&store, &history);
                scope.spawn(move || write(store, history, writer));
            }
        });
    }
    history
}

#[test]
fn a_crowd_loses_nothing_acknowledged_when_the_machine_stops() {
    let whole = Room::new(FaultStorage::new());
    let history = race(&whole);
    history.check(&all(&whole.open().expect("a good disk")));
    // How appends share a sync differs from run to run, and so does the number of operations.
    let operations = whole.disk.operations();
    for operation in (0..operations).step_by(2) {
        let room = Room::new(FaultStorage::new());
        room.disk.plan(Fault::CrashAt(operation));
        let history = race(&room);
        for seed in 0..3 {
            naming(
                || format!("stopped at operation {operation}, seed {seed}"),
                || {
                    let restarted = Room::new(room.disk.restart(seed));
                    restarted.take_index_of(&room);
                    let store = restarted.open().unwrap_or_else(|error| panic!("{error}"));
                    history.check(&all(&store));
                },
            );
        }
    }
}
