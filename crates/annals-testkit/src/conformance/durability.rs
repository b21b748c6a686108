//! What was acknowledged is there after the store was closed and opened again.

use annals_core::{
    Append, ErrorKind,
    ExpectedVersion::{Any, NoStream},
    Metadata, Position, Query, ReadAll, ReadStream, StateExpected, StateKind, StreamMetadata,
    StreamStatus, Subscribe, SubscribeStart, Timestamp,
};
use futures_lite::future::block_on;

use crate::{
    Store,
    case::cases,
    words::{SECOND, at, event, events, key, many, name, stream, types, version},
};

cases! { "durability", needs [Durable]:
    an_empty_store_opens_again,
    every_field_of_an_event_is_kept,
    versions_and_positions_go_on,
    expected_versions_are_checked_against_what_was_kept,
    a_retry_is_recognized_after_reopening,
    the_retry_window_is_kept,
    deletions_are_kept,
    settings_are_kept,
    state_and_its_revisions_are_kept,
    progress_is_kept,
    queries_find_what_was_kept,
    the_recorded_time_does_not_go_back_after_reopening,
    the_order_of_streams_is_kept,
    the_store_keeps_its_identity,
    a_subscription_is_resumed_after_reopening,
    many_reopens_in_a_row_lose_nothing,
    a_large_store_is_kept_whole,
}

fn an_empty_store_opens_again(store: &Store) {
    store.reopen();
    assert_eq!(store.head(), None);
    store.check_all("");
    store.write("s", ["a"]);
}

fn every_field_of_an_event_is_kept(store: &Store) {
    let mut written = event("a").with_metadata(Metadata::new(r#"{"$correlationId":"c"}"#));
    written.data = bytes::Bytes::from_static(b"\x00\xff");
    written.schema_version = 7;
    written.time = Some(Timestamp::from_micros(-5));
    store.append_to("s", Any, [written, event("b")]);
    let before = store.read(ReadAll::new(Query::all()));
    store.reopen();
    assert_eq!(store.read(ReadAll::new(Query::all())), before);
    assert_eq!(store.read(ReadStream::new(stream("s"))), before);
}

fn versions_and_positions_go_on(store: &Store) {
    store.write("s", ["a", "b"]);
    let head = store.head();
    store.reopen();
    assert_eq!(store.head(), head);
    let done = store.write("s", ["c"]);
    assert!(done.position > head);
    store.check_stream("s", "s:a@0 s:b@1 s:c@2");
}

fn expected_versions_are_checked_against_what_was_kept(store: &Store) {
    store.write("s", ["a", "b"]);
    store.reopen();
    store.refuse_version(Append::to(stream("s"), NoStream, [event("x")]), "s", Some(1));
    store.refuse_version(Append::to(stream("s"), at(0), [event("x")]), "s", Some(1));
    store.append_to("s", at(1), [event("c")]);
}

fn a_retry_is_recognized_after_reopening(store: &Store) {
    let appends = [
        Append::to(stream("s"), NoStream, events(["a", "b"])),
        Append::to(stream("s"), Any, events(["c"])),
        Append::to(stream("s"), at(2), events(["d", "e"])),
    ];
    let first: Vec<_> = appends.iter().map(|append| store.append(append.clone())).collect();
    store.reopen();
    for (append, first) in appends.into_iter().zip(first) {
        let again = store.append(append);
        assert!(again.duplicate);
        assert_eq!((again.streams, again.position), (first.streams, first.position));
    }
    store.check_stream("s", "s:a@0 s:b@1 s:c@2 s:d@3 s:e@4");
}

fn the_retry_window_is_kept(store: &Store) {
    let old = Append::to(stream("s"), Any, [event("old")]);
    let new = Append::to(stream("s"), Any, [event("new")]);
    store.append(old.clone());
    store.append(new.clone());
    let window = usize::try_from(annals_core::limits::RETRY_WINDOW_EVENTS).expect("it fits");
    for piece in [window / 2, window - window / 2 - 1] {
        store.append_to("filler", Any, many(piece, "f"));
        store.reopen();
    }
    assert!(store.append(new).duplicate);
    assert!(!store.append(old).duplicate);
}

fn deletions_are_kept(store: &Store) {
    for name in ["deleted", "back", "closed"] {
        store.write(name, ["a"]);
    }
    store.delete("deleted");
    store.delete("back");
    store.write("back", ["b"]);
    store.tombstone("closed");
    store.tombstone("never");
    store.reopen();
    store.refuse_read("deleted", ErrorKind::StreamNotFound);
    store.check_stream("back", "back:b@1");
    for name in ["closed", "never"] {
        store.refuse_read(name, ErrorKind::StreamDeleted);
        store.refuse(Append::to(stream(name), Any, [event("b")]), ErrorKind::StreamDeleted);
        assert_eq!(store.info_of(name).status, StreamStatus::Tombstoned);
    }
    store.write("deleted", ["c"]);
    store.check_stream("deleted", "deleted:c@1");
}

fn settings_are_kept(store: &Store) {
    store.write("s", ["a", "b", "c"]);
    let settings = StreamMetadata { max_count: Some(2), ..StreamMetadata::default() };
    store.settings("s", &settings);
    let before = store.info_of("s");
    store.reopen();
    assert_eq!(store.info_of("s"), before);
    store.check_stream("s", "s:b@1 s:c@2");
    assert_eq!(before.metadata_version, Some(version(0)));
}

fn state_and_its_revisions_are_kept(store: &Store) {
    let [kept, deleted] = ["kept", "deleted"].map(|name| key(StateKind::Snapshot, name));
    store.put(&kept, "one");
    store.put(&kept, "two");
    store.put(&deleted, "three");
    let newest = store.try_put(&deleted, StateExpected::Any, None).expect("a delete is a write");
    let before = store.state(&kept);
    store.reopen();
    assert_eq!(store.state(&kept), before);
    assert_eq!(store.state(&deleted), None);
    assert!(store.put(&deleted, "four") > newest, "a revision never comes again");
}

fn progress_is_kept(store: &Store) {
    let append = Append::to(stream("s"), Any, [event("a")]);
    store.append(append.checkpoint(name("reader"), Position::new(7)));
    store.append(Append::default().checkpoint(name("other"), Position::new(3)));
    store.reopen();
    assert_eq!(store.checkpoint("reader"), Some(Position::new(7)));
    assert_eq!(store.checkpoint("other"), Some(Position::new(3)));
    let back = Append::default().checkpoint(name("reader"), Position::new(6));
    store.refuse(back, ErrorKind::ConditionFailed);
}

fn queries_find_what_was_kept(store: &Store) {
    store.write("order-1", ["a", "b"]);
    store.reopen();
    store.write("order-2", ["a"]);
    store.check(ReadAll::new(types(["a"])), "order-1:a@0 order-2:a@0");
    store.reopen();
    store.check(ReadAll::new(types(["a"])).backward(), "order-2:a@0 order-1:a@0");
}

fn the_recorded_time_does_not_go_back_after_reopening(store: &Store) {
    store.write("s", ["a"]);
    store.clock().advance_micros(-3_600 * SECOND);
    store.reopen();
    store.write("s", ["b"]);
    let times: Vec<_> =
        store.read(ReadAll::new(Query::all())).iter().map(|event| event.recorded_at).collect();
    assert!(times.is_sorted(), "{times:?}");
}

fn the_order_of_streams_is_kept(store: &Store) {
    for name in ["t-1", "s", "t-2", "a", "s"] {
        store.write(name, ["x"]);
    }
    store.reopen();
    store.write("b", ["x"]);
    assert_eq!(store.streams(None), "t-1 s t-2 a b");
    assert_eq!(store.streams(Some("t")), "t-1 t-2");
}

fn the_store_keeps_its_identity(store: &Store) {
    let info = || block_on(store.backend().info()).expect("the store knows itself");
    store.write("s", ["a"]);
    let before = info();
    store.reopen();
    let after = info();
    assert_eq!(after.store_id, before.store_id);
    let counts = |info: &annals_core::StoreInfo| (info.events, info.streams, info.head);
    assert_eq!(counts(&after), counts(&before));
}

fn a_subscription_is_resumed_after_reopening(store: &Store) {
    let position = store.write("s", ["a"]).position.expect("an event was written");
    store.write("s", ["b"]);
    store.reopen();
    let start = SubscribeStart::After(position);
    let mut follower = store.follow(Subscribe::all(Query::all(), start));
    follower.check("s:b@1 caught-up");
    store.write("s", ["c"]);
    follower.check("s:c@2");
}

fn many_reopens_in_a_row_lose_nothing(store: &Store) {
    for round in 0..12_u64 {
        let last = round.checked_sub(1).map_or(NoStream, at);
        store.append_to("s", last, [event("a")]);
        store.reopen();
    }
    let events = store.read(ReadStream::new(stream("s")));
    assert!(events.iter().map(|event| event.version.get()).eq(0..12));
}

fn a_large_store_is_kept_whole(store: &Store) {
    for number in 0..20 {
        store.append_to(&format!("s-{}", number % 3), Any, many(1_000, "a"));
    }
    let before = store.read(ReadAll::new(Query::all()));
    store.reopen();
    assert!(store.read(ReadAll::new(Query::all())) == before, "the same 20,000 events");
}
