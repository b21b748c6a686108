//! Keyed state: snapshots, checkpoints and leases, written by compare and set.

use annals_core::{
    ErrorKind, Position,
    StateExpected::{self, Absent, Revision},
    StateKey, StateKind, StatePut,
};
use bytes::Bytes;
use futures_lite::{StreamExt, future::block_on};

use crate::{
    Store,
    case::cases,
    store::BEGINNING,
    words::{SECOND, key},
};

cases! { "state", needs []:
    what_was_never_written_is_absent,
    a_value_comes_back_with_its_revision_and_time,
    values_come_back_byte_for_byte,
    a_write_replaces_the_value,
    absent_expects_nothing_there,
    a_revision_expects_just_that_one,
    a_refused_write_changes_nothing,
    a_deleted_value_is_absent,
    a_delete_compares_too,
    deleting_what_is_absent_is_no_error,
    revisions_grow_over_all_keys,
    a_revision_never_comes_again_after_a_delete,
    kinds_are_apart,
    names_are_listed_by_prefix_in_byte_order,
    an_empty_prefix_lists_all_of_a_kind,
    a_checkpoint_holds_a_position,
    a_checkpoint_of_another_size_is_refused,
    a_checkpoint_may_be_set_back,
    writing_state_writes_no_event,
}

fn snapshot(name: &str) -> StateKey {
    key(StateKind::Snapshot, name)
}

#[track_caller]
fn value(store: &Store, key: &StateKey) -> Option<Bytes> {
    store.state(key).map(|entry| entry.value)
}

#[track_caller]
fn refuse(store: &Store, key: &StateKey, expected: StateExpected, put: Option<&'static str>) {
    let error = store
        .try_put(key, expected, put.map(Bytes::from))
        .expect_err("another revision is stored than expected");
    assert_eq!(error.kind(), ErrorKind::ConditionFailed, "{error}");
}

fn what_was_never_written_is_absent(store: &Store) {
    for kind in StateKind::ALL {
        assert_eq!(store.state(&key(kind, "k")), None);
    }
    assert_eq!(store.checkpoint("k"), None);
}

fn a_value_comes_back_with_its_revision_and_time(store: &Store) {
    store.clock().advance_micros(SECOND);
    let revision = store.put(&snapshot("k"), "v");
    let entry = store.state(&snapshot("k")).expect("it was written");
    assert_eq!(entry.key, snapshot("k"));
    assert_eq!(entry.revision, revision);
    assert_eq!(entry.value, "v");
    assert_eq!(entry.recorded_at.as_micros(), BEGINNING.as_micros() + SECOND);
}

fn values_come_back_byte_for_byte(store: &Store) {
    let all_bytes: Bytes = (0..=255).collect();
    for value_put in [Bytes::new(), all_bytes, Bytes::from(vec![7; 100_000])] {
        store
            .try_put(&snapshot("k"), StateExpected::Any, Some(value_put.clone()))
            .expect("any bytes may be kept");
        assert_eq!(value(store, &snapshot("k")), Some(value_put));
    }
}

fn a_write_replaces_the_value(store: &Store) {
    let first = store.put(&snapshot("k"), "one");
    let second = store.put(&snapshot("k"), "two");
    assert!(second > first);
    assert_eq!(value(store, &snapshot("k")), Some("two".into()));
}

fn absent_expects_nothing_there(store: &Store) {
    let put = |text: &'static str| store.try_put(&snapshot("k"), Absent, Some(text.into()));
    put("one").expect("nothing is there");
    refuse(store, &snapshot("k"), Absent, Some("two"));
    assert_eq!(value(store, &snapshot("k")), Some("one".into()));
}

fn a_revision_expects_just_that_one(store: &Store) {
    refuse(store, &snapshot("k"), Revision(0), Some("x"));
    refuse(store, &snapshot("k"), Revision(1), Some("x"));
    let first = store.put(&snapshot("k"), "one");
    let second = store
        .try_put(&snapshot("k"), Revision(first), Some("two".into()))
        .expect("the revision is right");
    refuse(store, &snapshot("k"), Revision(first), Some("three"));
    refuse(store, &snapshot("k"), Revision(second + 1), Some("three"));
    assert_eq!(value(store, &snapshot("k")), Some("two".into()));
}

fn a_refused_write_changes_nothing(store: &Store) {
    let revision = store.put(&snapshot("k"), "one");
    let before = store.state(&snapshot("k"));
    refuse(store, &snapshot("k"), Absent, Some("two"));
    refuse(store, &snapshot("k"), Absent, None);
    assert_eq!(store.state(&snapshot("k")), before);
    assert!(store.put(&snapshot("other"), "x") > revision);
}

fn a_deleted_value_is_absent(store: &Store) {
    store.put(&snapshot("k"), "one");
    store.try_put(&snapshot("k"), StateExpected::Any, None).expect("a delete is a write");
    assert_eq!(store.state(&snapshot("k")), None);
    store.try_put(&snapshot("k"), Absent, Some("two".into())).expect("nothing is there");
    assert_eq!(value(store, &snapshot("k")), Some("two".into()));
}

fn a_delete_compares_too(store: &Store) {
    let revision = store.put(&snapshot("k"), "one");
    refuse(store, &snapshot("k"), Revision(revision + 1), None);
    refuse(store, &snapshot("k"), Absent, None);
    store.try_put(&snapshot("k"), Revision(revision), None).expect("the revision is right");
    refuse(store, &snapshot("k"), Revision(revision), None);
    assert_eq!(store.state(&snapshot("k")), None);
}

fn deleting_what_is_absent_is_no_error(store: &Store) {
    for expected in [StateExpected::Any, Absent] {
        store.try_put(&snapshot("k"), expected, None).expect("there is nothing to delete");
    }
    assert_eq!(store.state(&snapshot("k")), None);
}

fn revisions_grow_over_all_keys(store: &Store) {
    let revisions: Vec<_> = ["a", "b", "a", "c", "b"]
        .into_iter()
        .flat_map(|name| StateKind::ALL.map(|kind| key(kind, name)))
        .map(|key| store.put(&key, "12345678"))
        .collect();
    assert!(revisions.is_sorted_by(|one, two| one < two), "{revisions:?}");
}

fn a_revision_never_comes_again_after_a_delete(store: &Store) {
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(store.put(&snapshot("k"), "x"));
        let deleted = store.try_put(&snapshot("k"), StateExpected::Any, None);
        seen.push(deleted.expect("a delete is a write"));
    }
    assert!(seen.is_sorted_by(|one, two| one < two), "{seen:?}");
}

fn kinds_are_apart(store: &Store) {
    store.put(&key(StateKind::Snapshot, "k"), "snapshot");
    store.put(&key(StateKind::Lease, "k"), "lease");
    assert_eq!(store.checkpoint("k"), None);
    assert_eq!(value(store, &key(StateKind::Lease, "k")), Some("lease".into()));
    assert_eq!(value(store, &key(StateKind::Snapshot, "k")), Some("snapshot".into()));
}

#[track_caller]
fn list(store: &Store, kind: StateKind, prefix: &str) -> String {
    let listed = store.backend().states(kind, prefix);
    let entries: Vec<_> = block_on(listed.try_collect()).expect("state can be listed");
    let entries: Vec<annals_core::StateEntry> = entries;
    for entry in &entries {
        assert_eq!(store.state(&entry.key).as_ref(), Some(entry), "listed as it is stored");
    }
    entries.iter().map(|entry| entry.key.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn names_are_listed_by_prefix_in_byte_order(store: &Store) {
    for name in ["b", "a-2", "a", "a-10", "A", "a-1", "ab", "\u{e9}"] {
        store.put(&snapshot(name), "x");
    }
    assert_eq!(list(store, StateKind::Snapshot, "a"), "a a-1 a-10 a-2 ab");
    assert_eq!(list(store, StateKind::Snapshot, "a-1"), "a-1 a-10");
    assert_eq!(list(store, StateKind::Snapshot, "a-1x"), "");
    assert_eq!(list(store, StateKind::Snapshot, "\u{e9}"), "\u{e9}");
    assert_eq!(list(store, StateKind::Lease, "a"), "");
}

fn an_empty_prefix_lists_all_of_a_kind(store: &Store) {
    for name in ["b", "a", "c"] {
        store.put(&snapshot(name), "x");
        store.put(&key(StateKind::Lease, &format!("lease-{name}")), "x");
    }
    store.try_put(&snapshot("b"), StateExpected::Any, None).expect("a delete is a write");
    assert_eq!(list(store, StateKind::Snapshot, ""), "a c");
    assert_eq!(list(store, StateKind::Lease, ""), "lease-a lease-b lease-c");
}

fn set_checkpoint(store: &Store, position: u64) {
    let value = StatePut::checkpoint_value(Position::new(position));
    let key = key(StateKind::Checkpoint, "reader");
    store.try_put(&key, StateExpected::Any, Some(value)).expect("a position may be kept");
}

fn a_checkpoint_holds_a_position(store: &Store) {
    for position in [0, 7, u64::MAX] {
        set_checkpoint(store, position);
        assert_eq!(store.checkpoint("reader"), Some(Position::new(position)));
    }
}

fn a_checkpoint_of_another_size_is_refused(store: &Store) {
    for value in ["", "1234567", "123456789"] {
        let key = key(StateKind::Checkpoint, "reader");
        let error = store
            .try_put(&key, StateExpected::Any, Some(value.into()))
            .expect_err("a checkpoint is a position");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    assert_eq!(store.checkpoint("reader"), None);
}

fn a_checkpoint_may_be_set_back(store: &Store) {
    set_checkpoint(store, 7);
    set_checkpoint(store, 3);
    assert_eq!(store.checkpoint("reader"), Some(Position::new(3)));
}

fn writing_state_writes_no_event(store: &Store) {
    store.write("s", ["a"]);
    let head = store.head();
    store.put(&snapshot("k"), "x");
    assert_eq!(store.head(), head);
    store.check_all("s:a@0");
}
