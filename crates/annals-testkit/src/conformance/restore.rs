//! Restoring: what another store recorded is stored as it is, and the store goes on from there.

use std::sync::Arc;

use annals_core::{
    Append, Clock, ContentType, ErrorKind,
    ExpectedVersion::{Any, NoStream},
    Metadata, NewEvent, Position, Query, QueryItem, ReadAll, ReadStream, RecordedEvent,
    RecordedState, Restore, StateExpected, StateKind, StreamMetadata, StreamName, StreamSelector,
    Subscribe, SubscribeStart, Timestamp, Version,
};
use futures_lite::{StreamExt, future::block_on};

use crate::{
    MemoryHarness, Store,
    case::cases,
    store::BEGINNING,
    transfer::{self, transfer},
    words::{
        SECOND, any_of, at, category, correlated, event, event_type, id, key, name, of_types,
        stream, tagged, tags, version, with_tags,
    },
};

cases! { "restore", needs [Restore, MultiStream, Conditions, DensePositions]:
    every_kind_of_read_finds_what_was_restored,
    payloads_come_back_byte_for_byte,
    numbers_go_on_after_it,
    retries_and_conditions_know_what_was_restored,
    deleted_and_closed_streams_stay_so,
    later_events_are_not_recorded_before_it,
    state_keeps_its_revisions_and_numbers_on,
    a_store_can_be_taken_further_as_often_as_its_source_grows,
    gaps_are_refused,
    other_versions_are_refused,
    times_that_go_back_are_refused,
    a_store_that_others_write_to_is_refused,
    old_revisions_are_refused,
    a_refused_batch_is_not_stored_in_part,
    nothing_can_be_restored_at_any_time,
    subscribers_are_told,
}

/// A reference store with some of everything.
fn source() -> Store {
    let source = Store::begin(Arc::new(MemoryHarness));
    let tick = || source.clock().advance_micros(SECOND);
    source.append_to("order-1", NoStream, [tagged("placed", ["customer:1", "vip"])]);
    tick();
    source.append_to("order-2", NoStream, [tagged("placed", ["customer:2"]), event("paid")]);
    source.append_to("order-1", at(0), [correlated("paid", "c-1")]);
    tick();
    let both = Append::interleaved(
        Any,
        ["order-1", "invoice-1", "order-1"].map(|name| (stream(name), event("shipped"))),
    );
    source.append(both.checkpoint(name("shipping"), Position::new(3)));
    source.settings("order-1", &StreamMetadata { max_count: Some(2), ..Default::default() });
    tick();
    source.settings("order-1", &StreamMetadata { max_count: Some(3), ..Default::default() });
    source.settings("empty-1", &StreamMetadata { max_age_seconds: Some(9), ..Default::default() });
    source.write("gone-1", ["a", "b"]);
    source.delete("gone-1");
    source.write("back-1", ["a", "b"]);
    source.delete("back-1");
    tick();
    source.write("back-1", ["c"]);
    source.write("closed-1", ["a"]);
    source.settings("closed-1", &StreamMetadata { max_count: Some(1), ..Default::default() });
    source.tombstone("closed-1");
    source.tombstone("never-1");
    source.put(&key(StateKind::Snapshot, "order-1"), "state");
    source.put(&key(StateKind::Lease, "runner"), "who");
    source.try_put(&key(StateKind::Lease, "runner"), StateExpected::Any, None).expect("it is free");
    source
}

/// The store with everything of the source, at the source's time.
fn restored(store: &Store, batch: usize) -> Store {
    let source = source();
    transfer(source.backend().as_ref(), store.backend().as_ref(), batch);
    store.clock().set(source.clock().now());
    source
}

/// Every question has the same answer in both.
#[track_caller]
fn check_same(store: &Store, source: &Store) {
    let (ours, theirs) = (store.backend(), source.backend());
    assert_eq!(transfer::events(ours.as_ref()), transfer::events(theirs.as_ref()));
    let names = |of: &Store| -> Vec<StreamName> {
        block_on(of.backend().streams(None).try_collect()).expect("streams can be listed")
    };
    assert_eq!(names(store), names(source));
    assert_eq!(store.streams(Some("order")), source.streams(Some("order")));
    let mut all = names(source);
    all.extend(["empty-1", "never-1", "none-1"].map(stream));
    for stream in &all {
        let (ours, theirs) = (store.info_of(stream.as_str()), source.info_of(stream.as_str()));
        assert_eq!(ours, theirs);
        for read in [ReadStream::new(stream.clone()), ReadStream::new(stream.clone()).backward()] {
            match (store.try_read(read.clone()), source.try_read(read)) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
                (Err(ours), Err(theirs)) => assert_eq!(ours.kind(), theirs.kind()),
                (ours, theirs) => panic!("`{stream}`: {ours:?} instead of {theirs:?}"),
            }
        }
    }
    let streams = |selector| QueryItem { streams: vec![selector], ..QueryItem::default() };
    for query in [
        tags(["customer:1"]),
        any_of([of_types(["placed", "$metadata", "$streamDeleted"])]),
        any_of([streams(StreamSelector::Category(category("order")))]),
        any_of([streams(StreamSelector::Stream(stream("gone-1")))]),
        any_of([QueryItem { correlation: Some("c-1".into()), ..QueryItem::default() }]),
        any_of([QueryItem { types: vec![event_type("placed")], ..with_tags(["vip"]) }]),
    ] {
        let read = ReadAll::new(query);
        assert_eq!(store.read(read.clone()), source.read(read.clone()));
        assert_eq!(store.read(read.clone().backward()), source.read(read.backward()));
    }
    let info = |of: &Store| block_on(of.backend().info()).expect("the store is known");
    let (ours, theirs) = (info(store), info(source));
    assert_eq!(
        (ours.events, ours.streams, ours.head, ours.revision),
        (theirs.events, theirs.streams, theirs.head, theirs.revision)
    );
    let without_times = |of: &Store| -> Vec<_> {
        let states = transfer::states(of.backend().as_ref()).into_iter();
        states.map(|entry| (entry.key, entry.revision, entry.value)).collect()
    };
    assert_eq!(without_times(store), without_times(source));
}

fn every_kind_of_read_finds_what_was_restored(store: &Store) {
    for batch in [1, 3, 1_000] {
        let store = store.another();
        let source = restored(&store, batch);
        check_same(&store, &source);
        if store.backend().capabilities().store_durable {
            store.reopen();
            check_same(&store, &source);
        }
    }
}

fn payloads_come_back_byte_for_byte(store: &Store) {
    let source = Store::begin(Arc::new(MemoryHarness));
    let nested = ["[".repeat(2_000), "]".repeat(2_000)].concat();
    let payloads: [&[u8]; 8] = [
        b"",
        b" {\"a\":1,\"a\":2.50}\n",
        b"\"\\ud800\"",
        b"\"\\u0000\"",
        b"\xff\xfe",
        b"{\"broken\":",
        b"\"\0\"",
        nested.as_bytes(),
    ];
    for (number, payload) in (0..).zip(payloads) {
        for content_type in [ContentType::Json, ContentType::Binary] {
            let metadata = Metadata::new(payload.to_vec());
            let data = payload.to_vec().into();
            let event = NewEvent { data, content_type, metadata, ..event("a") };
            source.append_to("s", Any, [event]);
        }
        let other = ContentType::new("application/vnd.x+json").expect("it is good");
        let time = Some(Timestamp::from_micros(i64::MIN + number));
        let metadata = Metadata::new(r#"{"$correlationId":"with \u0000"}"#);
        let event = NewEvent { content_type: other, time, metadata, ..event("b") };
        source.append_to("s", Any, [NewEvent { schema_version: 7, ..event }]);
    }
    transfer(source.backend().as_ref(), store.backend().as_ref(), 1_000);
    check_same(store, &source);
}

fn numbers_go_on_after_it(store: &Store) {
    let source = restored(store, 4);
    for store in [store, &source] {
        let head = store.head().expect("it holds events");
        let done = store.append_to("order-1", at(3), [event("closed")]);
        assert_eq!(done.position, Some(head.next()));
        let settings = StreamMetadata { max_count: Some(4), ..StreamMetadata::default() };
        let done = store.settings("order-1", &settings);
        let first = done.streams.first().and_then(|of_stream| of_stream.first_version);
        assert_eq!(first, Some(version(2)));
        store.append_to("order-3", NoStream, [event("placed").with_id(id(1))]);
    }
    let shown = |store: &Store| store.read(ReadStream::new(stream("order-1"))).len();
    assert_eq!(shown(store), shown(&source));
}

fn retries_and_conditions_know_what_was_restored(store: &Store) {
    let source = restored(store, 4);
    let first = source.read(ReadAll::new(Query::all()).limit(1)).remove(0);
    let again = first.clone().into_new();
    for expected in [Any, NoStream] {
        let done = store.append_to("order-1", expected, [again.clone()]);
        assert!(done.duplicate);
        assert_eq!(done.position, Some(first.position));
    }
    let condition = Append::to(stream("order-9"), Any, [event("a")]).unless(tags(["vip"]), None);
    store.refuse(condition, ErrorKind::ConditionFailed);
    let after = Append::to(stream("order-9"), Any, [event("a")])
        .unless(tags(["vip"]), Some(Position::FIRST));
    store.append(after);
    let known = Append::to(stream("order-9"), Any, [event("b")])
        .checkpoint(name("shipping"), Position::new(3));
    store.refuse(known, ErrorKind::ConditionFailed);
    store.refuse_version(Append::to(stream("order-2"), at(0), [event("a")]), "order-2", Some(1));
}

fn deleted_and_closed_streams_stay_so(store: &Store) {
    restored(store, 4);
    store.refuse_read("gone-1", ErrorKind::StreamNotFound);
    for closed in ["closed-1", "never-1", "$$closed-1"] {
        let of_type = if closed.starts_with("$$") { "$metadata" } else { "a" };
        let append = Append::to(stream(closed), Any, [event(of_type)]);
        store.refuse(append, ErrorKind::StreamDeleted);
    }
    store.write("gone-1", ["c"]);
    store.check_stream("gone-1", "gone-1:c@2");
    store.check_stream("back-1", "back-1:c@2");
}

fn later_events_are_not_recorded_before_it(store: &Store) {
    let source = source();
    transfer(source.backend().as_ref(), store.backend().as_ref(), 100);
    let newest = transfer::events(source.backend().as_ref()).pop().expect("it holds events");
    assert!(store.clock().now() < newest.recorded_at, "the clock is behind");
    store.write("order-1", ["late"]);
    let late = store.read(ReadAll::new(Query::all()).backward().limit(1)).remove(0);
    assert_eq!(late.recorded_at, newest.recorded_at);
}

fn state_keeps_its_revisions_and_numbers_on(store: &Store) {
    let source = restored(store, 100);
    let newest = block_on(source.backend().info()).expect("the store is known").revision;
    assert_eq!(store.state(&key(StateKind::Lease, "runner")), None);
    assert_eq!(store.checkpoint("shipping"), Some(Position::new(3)));
    assert_eq!(store.put(&key(StateKind::Lease, "runner"), "next"), newest + 1);
    let gone = RecordedState {
        key: key(StateKind::Snapshot, "order-1"),
        revision: newest + 9,
        value: None,
        recorded_at: BEGINNING,
    };
    restore(store, Restore::states(vec![gone])).expect("the revision is new");
    assert_eq!(store.state(&key(StateKind::Snapshot, "order-1")), None);
    assert_eq!(store.put(&key(StateKind::Snapshot, "order-1"), "new"), newest + 10);
}

fn a_store_can_be_taken_further_as_often_as_its_source_grows(store: &Store) {
    let source = source();
    let backend = store.backend();
    transfer(source.backend().as_ref(), backend.as_ref(), 100);
    for _ in 0..3 {
        let next = store.head().expect("it holds events").next();
        let revision = block_on(backend.info()).expect("the store is known").revision;
        source.write("order-1", ["more"]);
        source.put(&key(StateKind::Snapshot, "order-1"), "newer");
        source.delete("order-2");
        let mut events = transfer::events(source.backend().as_ref());
        events.retain(|event| event.position >= next);
        let mut states = transfer::recorded_states(source.backend().as_ref());
        states.retain(|state| state.revision > revision);
        restore(store, Restore { events, states }).expect("it follows on");
        source.clock().advance_micros(SECOND);
        store.clock().set(source.clock().now());
        check_same(store, &source);
    }
}

fn restore(store: &Store, restore: Restore) -> annals_core::Result<()> {
    transfer::restore(store.backend().as_ref(), restore)
}

/// It is refused, and the store stays as it was.
#[track_caller]
fn refuse(store: &Store, what: Restore, kind: ErrorKind) {
    let before = transfer::events(store.backend().as_ref());
    let states = transfer::states(store.backend().as_ref());
    let error = restore(store, what).expect_err("it does not follow on the store");
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(transfer::events(store.backend().as_ref()), before);
    assert_eq!(transfer::states(store.backend().as_ref()), states);
}

/// The events of the source, of which the store has the first four.
fn begun(store: &Store) -> Vec<RecordedEvent> {
    let mut events = transfer::events(source().backend().as_ref());
    let rest = events.split_off(4);
    restore(store, Restore::events(events)).expect("the store is empty");
    rest
}

fn gaps_are_refused(store: &Store) {
    let rest = begun(store);
    refuse(store, Restore::events(rest[1..].to_vec()), ErrorKind::ConditionFailed);
    let events = [&rest[..1], &rest[2..]].concat();
    refuse(store, Restore::events(events), ErrorKind::InvalidArgument);
    let again = transfer::events(store.backend().as_ref());
    refuse(store, Restore::events(again), ErrorKind::ConditionFailed);
    restore(store, Restore::events(rest)).expect("it is whole");
}

fn other_versions_are_refused(store: &Store) {
    let rest = begun(store);
    let first = &rest[0];
    for wrong in [first.version.get() + 1, first.version.get() - 1] {
        let event = RecordedEvent { version: Version::new(wrong), ..first.clone() };
        refuse(store, Restore::events(vec![event]), ErrorKind::ConditionFailed);
    }
    let position = first.position.next();
    let twice = vec![first.clone(), RecordedEvent { position, ..first.clone() }];
    refuse(store, Restore::events(twice), ErrorKind::InvalidArgument);
}

fn times_that_go_back_are_refused(store: &Store) {
    let rest = begun(store);
    let early = |event: &RecordedEvent, by| {
        let recorded_at = Timestamp::from_micros(event.recorded_at.as_micros() - by);
        RecordedEvent { recorded_at, ..event.clone() }
    };
    let day = 86_400 * SECOND;
    refuse(store, Restore::events(vec![early(&rest[0], day)]), ErrorKind::ConditionFailed);
    let events = vec![rest[0].clone(), early(&rest[1], day)];
    refuse(store, Restore::events(events), ErrorKind::InvalidArgument);
}

fn a_store_that_others_write_to_is_refused(store: &Store) {
    let rest = begun(store);
    store.write("other-1", ["a"]);
    refuse(store, Restore::events(rest), ErrorKind::ConditionFailed);
}

fn old_revisions_are_refused(store: &Store) {
    let taken = store.put(&key(StateKind::Lease, "runner"), "who");
    let state = |revision| RecordedState {
        key: key(StateKind::Snapshot, "s"),
        revision,
        value: Some("x".into()),
        recorded_at: BEGINNING,
    };
    refuse(store, Restore::states(vec![state(taken)]), ErrorKind::ConditionFailed);
    let twice = vec![state(taken + 1), state(taken + 1)];
    refuse(store, Restore::states(twice), ErrorKind::InvalidArgument);
    restore(store, Restore::states(vec![state(taken + 1), state(taken + 3)])).expect("it is new");
    assert_eq!(store.put(&key(StateKind::Lease, "runner"), "who"), taken + 4);
}

fn a_refused_batch_is_not_stored_in_part(store: &Store) {
    let rest = begun(store);
    let mut last = rest[rest.len() - 1].clone();
    last.position = last.position.next().next();
    let events = [rest.as_slice(), &[last]].concat();
    refuse(store, Restore::events(events), ErrorKind::InvalidArgument);
    let old = RecordedState {
        key: key(StateKind::Snapshot, "s"),
        revision: 0,
        value: Some("x".into()),
        recorded_at: BEGINNING,
    };
    refuse(store, Restore { events: rest, states: vec![old] }, ErrorKind::ConditionFailed);
}

fn nothing_can_be_restored_at_any_time(store: &Store) {
    restore(store, Restore::default()).expect("there is nothing against it");
    store.write("s", ["a"]);
    restore(store, Restore::default()).expect("there is nothing against it");
    store.check_all("s:a@0");
}

fn subscribers_are_told(store: &Store) {
    let mut vips = store.follow(Subscribe::all(tags(["vip"]), SubscribeStart::Beginning));
    vips.until_caught_up();
    restored(store, 100);
    vips.check("order-1:placed@0");
}
