//! A closed store answers that it is closed.

use annals_core::{
    Append, ErrorKind, ExpectedVersion::Any, Query, ReadAll, ReadStream, Result, StateExpected,
    StateKind, StreamMetadata, Subscribe, SubscribeStart,
};
use futures_lite::{StreamExt, future::block_on};

use crate::{
    Store,
    case::cases,
    words::{event, key, name, stream},
};

cases! { "closing", needs []:
    writes_are_refused,
    reads_are_refused,
    questions_are_refused,
    a_new_subscription_ends_at_once,
    closing_again_is_no_error,
}

fn closed(store: &Store) {
    store.write("s", ["a"]);
    store.put(&key(StateKind::Snapshot, "k"), "x");
    block_on(store.backend().close()).expect("the store closes");
}

#[track_caller]
fn check<T: std::fmt::Debug>(answer: Result<T>) {
    let error = answer.expect_err("a closed store does nothing");
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
}

fn writes_are_refused(store: &Store) {
    closed(store);
    check(store.try_append(Append::to(stream("s"), Any, [event("b")])));
    check(store.try_append(Append::to(stream("s"), Any, [])));
    check(store.try_delete("s", Any, annals_core::DeleteMode::Soft));
    check(store.try_settings("s", Any, &StreamMetadata::default()));
    check(store.try_put(&key(StateKind::Snapshot, "k"), StateExpected::Any, None));
}

fn reads_are_refused(store: &Store) {
    closed(store);
    check(store.try_read(ReadStream::new(stream("s"))));
    check(store.try_read(ReadStream::new(stream("missing"))));
    check(store.try_read(ReadAll::new(Query::all())));
    check(store.try_read(ReadAll::new(Query::all()).backward().limit(1)));
}

fn questions_are_refused(store: &Store) {
    closed(store);
    let backend = store.backend();
    check(block_on(backend.head()));
    check(block_on(backend.info()));
    check(block_on(backend.stream_info(&stream("s"))));
    check(block_on(backend.state(&key(StateKind::Snapshot, "k"))));
    check(block_on(backend.checkpoint(&name("reader"))));
    check(block_on(backend.streams(None).try_collect::<_, _, Vec<_>>()));
    check(block_on(backend.states(StateKind::Snapshot, "").try_collect::<_, _, Vec<_>>()));
}

fn a_new_subscription_ends_at_once(store: &Store) {
    closed(store);
    for start in [SubscribeStart::Beginning, SubscribeStart::End] {
        store.follow(Subscribe::all(Query::all(), start)).check_end(ErrorKind::Closed);
    }
    for start in [SubscribeStart::Beginning, SubscribeStart::End] {
        store.follow(Subscribe::stream(stream("s"), start)).check_end(ErrorKind::Closed);
    }
}

fn closing_again_is_no_error(store: &Store) {
    closed(store);
    block_on(store.backend().close()).expect("a closed store closes again");
}
