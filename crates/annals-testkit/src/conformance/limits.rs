//! Bad input: every limit and everything reserved is refused with a clear error, and the store
//! stays usable.

use annals_core::{
    Append, ErrorKind,
    ExpectedVersion::{Any, NoStream},
    NewEvent, Position, StateExpected, StateKind, limits,
};
use bytes::Bytes;

use crate::{
    Store,
    case::cases,
    words::{event, id, key, many, name, stream},
};

cases! { "limits", needs []:
    an_empty_append_is_refused,
    an_id_twice_in_one_append_is_refused,
    a_stream_named_twice_in_one_append_is_refused,
    the_type_of_a_tombstone_is_reserved,
    an_event_at_the_size_limit_is_stored,
    an_event_over_the_size_limit_is_refused,
    metadata_tags_and_type_count_towards_the_size,
    an_append_over_the_size_limit_is_refused,
    as_many_events_as_the_limit_are_stored,
    more_events_than_the_limit_are_refused,
    a_state_value_at_the_size_limit_is_stored,
    a_state_value_over_the_size_limit_is_refused,
    names_of_state_at_their_limit_are_stored,
    a_name_that_begins_with_a_dollar_is_an_ordinary_stream,
}

/// Refused with a message that names the limit, and the store is usable afterwards.
#[track_caller]
fn refuse_too_large(store: &Store, append: Append, limit: usize) {
    let error = store.refuse(append, ErrorKind::TooLarge);
    let message = error.to_string();
    assert!(message.contains(&limit.to_string()), "the message names the limit: {message}");
    check_usable(store);
}

#[track_caller]
fn check_usable(store: &Store) {
    let before = store.head();
    let done = store.write("usable", ["a"]);
    assert!(done.position > before);
}

fn an_empty_append_is_refused(store: &Store) {
    store.refuse(Append::default(), ErrorKind::InvalidArgument);
    let only_condition = Append::default().unless(annals_core::Query::all(), None);
    store.refuse(only_condition, ErrorKind::InvalidArgument);
    check_usable(store);
}

fn an_id_twice_in_one_append_is_refused(store: &Store) {
    let twice = [event("a").with_id(id(1)), event("b"), event("c").with_id(id(1))];
    store.refuse(Append::to(stream("s"), Any, twice), ErrorKind::InvalidArgument);
    store.append_to("s", NoStream, [event("a").with_id(id(1))]);
    check_usable(store);
}

fn a_stream_named_twice_in_one_append_is_refused(store: &Store) {
    let twice = Append::to(stream("s"), Any, [event("a")]).and(stream("s"), Any, [event("b")]);
    store.refuse(twice, ErrorKind::InvalidArgument);
    check_usable(store);
}

fn the_type_of_a_tombstone_is_reserved(store: &Store) {
    let append = Append::to(stream("s"), Any, [event("$streamDeleted")]);
    store.refuse(append, ErrorKind::InvalidArgument);
    check_usable(store);
}

/// An event of this size, its type included.
fn of_size(size: usize) -> NewEvent {
    let event = NewEvent { data: Bytes::new(), ..event("large") };
    let rest = event.size();
    NewEvent { data: vec![b'x'; size - rest].into(), ..event }
}

fn an_event_at_the_size_limit_is_stored(store: &Store) {
    store.append_to("s", Any, [of_size(limits::EVENT_BYTES_MAX)]);
    let events = store.read(annals_core::ReadStream::new(stream("s")));
    let size = events.first().map(|event| event.data.len());
    assert_eq!(size, Some(limits::EVENT_BYTES_MAX - "large".len()));
}

fn an_event_over_the_size_limit_is_refused(store: &Store) {
    let append = Append::to(stream("s"), Any, [event("a"), of_size(limits::EVENT_BYTES_MAX + 1)]);
    refuse_too_large(store, append, limits::EVENT_BYTES_MAX);
}

fn metadata_tags_and_type_count_towards_the_size(store: &Store) {
    let metadata = annals_core::Metadata::new("{}");
    let large = of_size(limits::EVENT_BYTES_MAX).with_metadata(metadata);
    refuse_too_large(store, Append::to(stream("s"), Any, [large]), limits::EVENT_BYTES_MAX);
}

fn an_append_over_the_size_limit_is_refused(store: &Store) {
    let large = of_size(limits::EVENT_BYTES_MAX);
    let count = limits::APPEND_BYTES_MAX / limits::EVENT_BYTES_MAX;
    let events = (0..=count).map(|number| large.clone().with_id(id(number as u64)));
    refuse_too_large(store, Append::to(stream("s"), Any, events), limits::APPEND_BYTES_MAX);
}

fn as_many_events_as_the_limit_are_stored(store: &Store) {
    store.append_to("s", NoStream, many(limits::APPEND_EVENTS_MAX, "a"));
    let last = limits::APPEND_EVENTS_MAX as u64 - 1;
    store.append_to("s", crate::words::at(last), [event("b")]);
}

fn more_events_than_the_limit_are_refused(store: &Store) {
    let append = Append::to(stream("s"), Any, many(limits::APPEND_EVENTS_MAX + 1, "a"));
    refuse_too_large(store, append, limits::APPEND_EVENTS_MAX);
}

fn a_state_value_at_the_size_limit_is_stored(store: &Store) {
    let value = Bytes::from(vec![7; limits::STATE_VALUE_BYTES_MAX]);
    let key = key(StateKind::Snapshot, "k");
    store.try_put(&key, StateExpected::Absent, Some(value.clone())).expect("it is not too large");
    let stored = store.state(&key).expect("it was stored");
    assert!(stored.value == value, "it comes back as written");
}

fn a_state_value_over_the_size_limit_is_refused(store: &Store) {
    let value = Bytes::from(vec![7; limits::STATE_VALUE_BYTES_MAX + 1]);
    let key = key(StateKind::Snapshot, "k");
    let error = store.try_put(&key, StateExpected::Any, Some(value)).expect_err("it is too large");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains(&limits::STATE_VALUE_BYTES_MAX.to_string()), "{error}");
    assert_eq!(store.state(&key), None);
    check_usable(store);
}

fn names_of_state_at_their_limit_are_stored(store: &Store) {
    let long = "n".repeat(limits::STATE_NAME_BYTES_MAX);
    for kind in [StateKind::Lease, StateKind::Snapshot] {
        store.put(&key(kind, &long), "x");
        assert!(store.state(&key(kind, &long)).is_some());
    }
    store.append(Append::default().checkpoint(name(&long), Position::new(1)));
    assert_eq!(store.checkpoint(&long), Some(Position::new(1)));
}

fn a_name_that_begins_with_a_dollar_is_an_ordinary_stream(store: &Store) {
    store.write("$settings", ["a"]);
    store.check_stream("$settings", "$settings:a@0");
}
