//! Positions without gaps, for backends that promise them.

use annals_core::{
    Append,
    ExpectedVersion::{Any, NoStream},
    Position, Query, ReadAll, StateKind,
};

use crate::{
    Store,
    case::cases,
    words::{at, event, events, key, stream},
};

cases! { "positions", needs [DensePositions]:
    positions_count_from_0_without_gaps,
    refused_appends_leave_no_gap,
    deletions_take_a_position,
    state_takes_no_position,
}

#[track_caller]
fn check(store: &Store, count: u64) {
    let events = store.read(ReadAll::new(Query::all()));
    assert!(events.iter().map(|event| event.position.get()).eq(0..count));
    assert_eq!(store.head(), count.checked_sub(1).map(Position::new));
}

fn positions_count_from_0_without_gaps(store: &Store) {
    for name in ["s", "t", "s"] {
        store.append_to(name, Any, events(["a", "b"]));
    }
    check(store, 6);
}

fn refused_appends_leave_no_gap(store: &Store) {
    store.write("s", ["a"]);
    for _ in 0..3 {
        drop(store.try_append(Append::to(stream("s"), at(9), [event("x")])));
        drop(store.try_append(Append::to(stream("s"), NoStream, events(["x", "y"]))));
    }
    store.write("s", ["b"]);
    check(store, 2);
}

fn deletions_take_a_position(store: &Store) {
    store.write("s", ["a"]);
    assert_eq!(store.delete("s").position, Position::new(1));
    assert_eq!(store.tombstone("s").position, Position::new(2));
    check(store, 3);
}

fn state_takes_no_position(store: &Store) {
    store.write("s", ["a"]);
    store.put(&key(StateKind::Snapshot, "k"), "x");
    store.write("s", ["b"]);
    check(store, 2);
}
