//! Subscriptions to one stream, which may not exist yet and may be deleted while followed.

use annals_core::{
    ErrorKind, ExpectedVersion::Any, Position, StreamMetadata, Subscribe, SubscribeStart, Version,
};

use crate::{
    Store,
    case::cases,
    follower::Follower,
    words::{event, many, stream, version},
};

cases! { "stream_subscriptions", needs []:
    a_stream_is_given_then_the_mark_then_what_comes,
    the_mark_names_the_head_of_the_store,
    a_missing_stream_is_waited_for,
    other_streams_are_left_out,
    a_start_after_a_version_leaves_it_out,
    a_start_after_the_last_version_gives_only_what_comes,
    a_start_beyond_the_last_version_waits_for_it,
    a_start_at_the_end_gives_only_what_comes,
    a_long_stream_is_given_whole_with_one_mark,
    a_soft_delete_does_not_end_it,
    a_deleted_stream_is_waited_for,
    a_tombstoned_stream_is_refused,
    a_long_tombstoned_stream_is_refused,
    a_tombstone_while_live_is_given_and_ends_it,
    a_tombstone_on_a_missing_stream_ends_the_wait,
    settings_are_followed_in_the_metastream,
    new_settings_apply_to_what_is_given_next,
    closing_the_store_ends_it,
}

fn follow(store: &Store, start: SubscribeStart<Version>) -> Follower {
    store.follow(Subscribe::stream(stream("s"), start))
}

fn from_beginning(store: &Store) -> Follower {
    follow(store, SubscribeStart::Beginning)
}

fn a_stream_is_given_then_the_mark_then_what_comes(store: &Store) {
    store.write("s", ["a", "b"]);
    let mut follower = from_beginning(store);
    follower.check("s:a@0 s:b@1 caught-up");
    store.write("s", ["c"]);
    store.write("s", ["d"]);
    follower.check("s:c@2 s:d@3");
}

fn the_mark_names_the_head_of_the_store(store: &Store) {
    store.write("s", ["a"]);
    store.write("t", ["b"]);
    let deliveries = from_beginning(store).until_caught_up();
    let expected = annals_core::Delivery::CaughtUp { position: store.head() };
    assert_eq!(deliveries.last(), Some(&expected));
}

fn a_missing_stream_is_waited_for(store: &Store) {
    let mut follower = from_beginning(store);
    follower.check("caught-up");
    store.write("t", ["noise"]);
    store.write("s", ["a"]);
    follower.check("s:a@0");
}

fn other_streams_are_left_out(store: &Store) {
    store.write("s-1", ["x"]);
    store.write("s", ["a"]);
    let mut follower = from_beginning(store);
    follower.check("s:a@0 caught-up");
    for name in ["t", "s-1", "s2", "$s"] {
        store.write(name, ["noise"]);
    }
    store.write("s", ["b"]);
    follower.check("s:b@1");
}

fn a_start_after_a_version_leaves_it_out(store: &Store) {
    store.write("s", ["a", "b", "c"]);
    follow(store, SubscribeStart::After(version(0))).check("s:b@1 s:c@2 caught-up");
}

fn a_start_after_the_last_version_gives_only_what_comes(store: &Store) {
    store.write("s", ["a", "b"]);
    let mut follower = follow(store, SubscribeStart::After(version(1)));
    follower.check("caught-up");
    store.write("s", ["c"]);
    follower.check("s:c@2");
}

fn a_start_beyond_the_last_version_waits_for_it(store: &Store) {
    store.write("s", ["a"]);
    let mut follower = follow(store, SubscribeStart::After(version(2)));
    follower.check("caught-up");
    store.write("s", ["b", "c"]);
    store.write("s", ["d"]);
    follower.check("s:d@3");
}

fn a_start_at_the_end_gives_only_what_comes(store: &Store) {
    store.write("s", ["a"]);
    let mut follower = follow(store, SubscribeStart::End);
    let mut of_missing = store.follow(Subscribe::stream(stream("t"), SubscribeStart::End));
    follower.check("caught-up");
    of_missing.check("caught-up");
    store.write("s", ["b"]);
    store.write("t", ["c"]);
    follower.check("s:b@1");
    of_missing.check("t:c@0");
}

fn a_long_stream_is_given_whole_with_one_mark(store: &Store) {
    for _ in 0..3 {
        store.append_to("s", Any, many(1_000, "a"));
        store.write("t", ["noise"]);
    }
    let mut follower = from_beginning(store);
    assert_eq!(follower.until_caught_up().len(), 3_001, "3,000 events and the mark");
    store.write("s", ["b"]);
    follower.check("s:b@3000");
}

fn a_soft_delete_does_not_end_it(store: &Store) {
    store.write("s", ["a"]);
    let mut follower = from_beginning(store);
    follower.check("s:a@0 caught-up");
    store.delete("s");
    store.write("s", ["b"]);
    follower.check("s:b@1");
}

fn a_deleted_stream_is_waited_for(store: &Store) {
    store.write("s", ["a", "b"]);
    store.delete("s");
    let mut from_beginning = from_beginning(store);
    let mut from_end = follow(store, SubscribeStart::End);
    from_beginning.check("caught-up");
    from_end.check("caught-up");
    store.write("s", ["c"]);
    from_beginning.check("s:c@2");
    from_end.check("s:c@2");
}

fn check_refused(store: &Store) {
    let starts = [
        SubscribeStart::Beginning,
        SubscribeStart::After(version(0)),
        SubscribeStart::After(version(u64::MAX)),
        SubscribeStart::End,
    ];
    for start in starts {
        follow(store, start).check_end(ErrorKind::StreamDeleted);
    }
}

fn a_tombstoned_stream_is_refused(store: &Store) {
    store.write("s", ["a"]);
    store.tombstone("s");
    check_refused(store);
}

fn a_long_tombstoned_stream_is_refused(store: &Store) {
    store.append_to("s", Any, many(5_000, "a"));
    store.tombstone("s");
    check_refused(store);
}

fn a_tombstone_while_live_is_given_and_ends_it(store: &Store) {
    store.write("s", ["a"]);
    let mut follower = from_beginning(store);
    follower.check("s:a@0 caught-up");
    store.write("s", ["b"]);
    let done = store.tombstone("s");
    let [last, tombstone] = follower.events(2).try_into().expect("two events");
    assert_eq!(last.version, version(1));
    assert_eq!(tombstone.version, Version::DELETED);
    assert_eq!(tombstone.position, done.position);
    follower.check_end(ErrorKind::StreamDeleted);
}

fn a_tombstone_on_a_missing_stream_ends_the_wait(store: &Store) {
    let mut follower = from_beginning(store);
    follower.check("caught-up");
    store.tombstone("s");
    follower.check("s:$streamDeleted@9223372036854775807");
    follower.check_end(ErrorKind::StreamDeleted);
}

fn settings_are_followed_in_the_metastream(store: &Store) {
    let settings = |count| StreamMetadata { max_count: Some(count), ..StreamMetadata::default() };
    store.settings("s", &settings(1));
    store.settings("s", &settings(2));
    let of_settings = Subscribe::stream(stream("$$s"), SubscribeStart::Beginning);
    let mut follower = store.follow(of_settings);
    follower.check("$$s:$metadata@1 caught-up");
    store.settings("s", &settings(3));
    follower.check("$$s:$metadata@2");
}

fn new_settings_apply_to_what_is_given_next(store: &Store) {
    store.write("s", ["a"]);
    let mut follower = from_beginning(store);
    follower.check("s:a@0 caught-up");
    let truncate_before = Some(version(3));
    store.settings("s", &StreamMetadata { truncate_before, ..StreamMetadata::default() });
    store.append_to("s", Any, [event("b")]);
    store.append_to("s", Any, [event("c"), event("d")]);
    follower.check("s:d@3");
}

fn closing_the_store_ends_it(store: &Store) {
    let mut follower = from_beginning(store);
    follower.check("caught-up");
    assert_eq!(store.head(), None::<Position>);
    std::thread::scope(|scope| {
        scope.spawn(|| follower.check_end(ErrorKind::Closed));
        futures_lite::future::block_on(store.backend().close()).expect("the store closes");
    });
}
