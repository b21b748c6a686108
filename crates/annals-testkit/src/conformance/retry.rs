//! The same events appended again: a retry after a lost answer succeeds with the first answer and
//! writes nothing.

use annals_core::{
    Append, Appended, ErrorKind,
    ExpectedVersion::{Any, NoStream, StreamExists},
    StreamMetadata, limits,
};

use crate::{
    Store,
    case::cases,
    words::{at, event, events, id, many, stream},
};

cases! { "retry", needs []:
    a_retry_with_any_version_gives_the_first_answer,
    a_retry_is_recognized_after_the_stream_went_on,
    a_retry_that_begins_a_stream_gives_the_first_answer,
    a_retry_at_an_exact_version_gives_the_first_answer,
    a_retry_of_an_existing_stream_gives_the_first_answer,
    a_retry_may_name_another_expected_version,
    the_beginning_of_a_stored_append_counts_as_a_retry,
    a_longer_retry_at_an_exact_version_is_a_conflict,
    a_partly_matching_retry_is_a_conflict,
    other_events_at_a_version_behind_are_a_conflict,
    swapped_events_at_an_exact_version_are_a_conflict,
    a_known_event_before_a_new_one_is_a_conflict,
    a_new_event_before_a_known_one_is_appended_with_it,
    ids_are_compared_and_content_is_not,
    the_same_id_in_another_stream_is_another_event,
    a_retry_of_settings_writes_them_once,
    a_refused_append_is_not_remembered,
    a_retry_within_the_window_is_recognized,
    a_retry_beyond_the_window_is_stored_again,
    a_retry_at_an_exact_version_is_recognized_at_any_distance,
}

/// A retry gives the answer `first` got, marked as a duplicate, and writes nothing.
#[track_caller]
fn check_retry(store: &Store, first: &Appended, again: Append) {
    let head = store.head();
    let repeated = store.append(again);
    assert_eq!(repeated, Appended { duplicate: true, ..first.clone() });
    assert_eq!(store.head(), head, "a retry writes nothing");
}

fn a_retry_with_any_version_gives_the_first_answer(store: &Store) {
    store.write("s", ["before"]);
    let append = Append::to(stream("s"), Any, events(["a", "b"]));
    let first = store.append(append.clone());
    check_retry(store, &first, append.clone());
    check_retry(store, &first, append);
    store.check_stream("s", "s:before@0 s:a@1 s:b@2");
}

fn a_retry_is_recognized_after_the_stream_went_on(store: &Store) {
    for expected in [Any, NoStream] {
        let name = format!("{expected}");
        let append = Append::to(stream(&name), expected, events(["a", "b"]));
        let first = store.append(append.clone());
        store.write(&name, ["c"]);
        store.write("other", ["x"]);
        check_retry(store, &first, append);
    }
}

fn a_retry_that_begins_a_stream_gives_the_first_answer(store: &Store) {
    let append = Append::to(stream("s"), NoStream, events(["a", "b"]));
    let first = store.append(append.clone());
    check_retry(store, &first, append);
    store.check_stream("s", "s:a@0 s:b@1");
}

fn a_retry_at_an_exact_version_gives_the_first_answer(store: &Store) {
    store.write("s", ["before"]);
    let append = Append::to(stream("s"), at(0), events(["a", "b"]));
    let first = store.append(append.clone());
    check_retry(store, &first, append.clone());
    store.write("s", ["c", "d"]);
    check_retry(store, &first, append);
    store.check_stream("s", "s:before@0 s:a@1 s:b@2 s:c@3 s:d@4");
}

fn a_retry_of_an_existing_stream_gives_the_first_answer(store: &Store) {
    store.write("s", ["before"]);
    let append = Append::to(stream("s"), StreamExists, events(["a"]));
    let first = store.append(append.clone());
    check_retry(store, &first, append);
}

fn a_retry_may_name_another_expected_version(store: &Store) {
    let written = events(["a", "b"]);
    let first = store.append_to("s", NoStream, written.clone());
    check_retry(store, &first, Append::to(stream("s"), Any, written.clone()));
    check_retry(store, &first, Append::to(stream("s"), StreamExists, written));
}

fn the_beginning_of_a_stored_append_counts_as_a_retry(store: &Store) {
    let written = events(["a", "b", "c"]);
    store.append_to("s", NoStream, written.clone());
    let [a, b, _] = written;
    for expected in [NoStream, Any] {
        let done = store.append_to("s", expected, [a.clone(), b.clone()]);
        assert!(done.duplicate, "{expected}");
        let last = done.streams.first().and_then(|of_stream| of_stream.last_version);
        assert_eq!(last.map(annals_core::Version::get), Some(1), "{expected}");
    }
    store.check_stream("s", "s:a@0 s:b@1 s:c@2");
}

fn a_longer_retry_at_an_exact_version_is_a_conflict(store: &Store) {
    let [a, b, c] = events(["a", "b", "c"]);
    store.append_to("s", NoStream, [a.clone(), b.clone()]);
    store.refuse_version(Append::to(stream("s"), NoStream, [a, b, c]), "s", Some(1));
}

fn a_partly_matching_retry_is_a_conflict(store: &Store) {
    let [a, b] = events(["a", "b"]);
    store.write("s", ["before"]);
    store.append_to("s", at(0), [a.clone(), b]);
    store.refuse_version(Append::to(stream("s"), at(0), [a, event("x")]), "s", Some(2));
}

fn other_events_at_a_version_behind_are_a_conflict(store: &Store) {
    store.write("s", ["a", "b"]);
    store.refuse_version(Append::to(stream("s"), at(0), [event("x")]), "s", Some(1));
    store.refuse_version(Append::to(stream("s"), NoStream, [event("x")]), "s", Some(1));
}

fn swapped_events_at_an_exact_version_are_a_conflict(store: &Store) {
    let [a, b] = events(["a", "b"]);
    store.append_to("s", NoStream, [a.clone(), b.clone()]);
    store.refuse_version(Append::to(stream("s"), NoStream, [b, a]), "s", Some(1));
}

fn a_known_event_before_a_new_one_is_a_conflict(store: &Store) {
    let a = event("a");
    store.append_to("s", Any, [a.clone()]);
    for expected in [Any, StreamExists] {
        let mixed = Append::to(stream("s"), expected, [a.clone(), event("x")]);
        store.refuse_version(mixed, "s", Some(0));
    }
}

fn a_new_event_before_a_known_one_is_appended_with_it(store: &Store) {
    let a = event("a");
    store.append_to("s", Any, [a.clone()]);
    let done = store.append_to("s", Any, [event("x"), a]);
    assert!(!done.duplicate);
    store.check_stream("s", "s:a@0 s:x@1 s:a@2");
}

fn ids_are_compared_and_content_is_not(store: &Store) {
    let known = id(1);
    let first = store.append_to("s", NoStream, [event("a").with_id(known)]);
    let mut other = event("b").with_id(known);
    other.data = "[1]".into();
    check_retry(store, &first, Append::to(stream("s"), NoStream, [other.clone()]));
    check_retry(store, &first, Append::to(stream("s"), Any, [other]));
    store.check_stream("s", "s:a@0");
}

fn the_same_id_in_another_stream_is_another_event(store: &Store) {
    let a = event("a");
    store.append_to("s", NoStream, [a.clone()]);
    let done = store.append_to("t", Any, [a]);
    assert!(!done.duplicate);
    store.check_all("s:a@0 t:a@0");
}

fn a_retry_of_settings_writes_them_once(store: &Store) {
    let metadata = StreamMetadata { max_count: Some(3), ..StreamMetadata::default() };
    let write = metadata.to_write(&stream("s"), NoStream).expect("a stream has settings");
    let append = Append { writes: vec![write], ..Append::default() };
    let first = store.append(append.clone());
    check_retry(store, &first, append);
}

fn a_refused_append_is_not_remembered(store: &Store) {
    store.write("s", ["before"]);
    let append = Append::to(stream("s"), at(1), [event("a")]);
    store.refuse(append.clone(), ErrorKind::WrongExpectedVersion);
    store.write("s", ["between"]);
    let done = store.append(append);
    assert!(!done.duplicate);
    store.check_stream("s", "s:before@0 s:between@1 s:a@2");
}

/// Writes events to another stream until the window has just this many events after `append`.
fn fill_window(store: &Store, mut count: u64) {
    while count > 0 {
        let piece = std::cmp::min(count, 30_000);
        let piece_len = usize::try_from(piece).expect("a piece fits into memory");
        store.append_to("filler", Any, many(piece_len, "f"));
        count -= piece;
    }
}

fn a_retry_within_the_window_is_recognized(store: &Store) {
    let append = Append::to(stream("s"), Any, [event("a")]);
    let first = store.append(append.clone());
    fill_window(store, limits::RETRY_WINDOW_EVENTS - 1);
    check_retry(store, &first, append);
}

fn a_retry_beyond_the_window_is_stored_again(store: &Store) {
    let append = Append::to(stream("s"), Any, [event("a")]);
    store.append(append.clone());
    fill_window(store, limits::RETRY_WINDOW_EVENTS);
    assert!(!store.append(append).duplicate);
    store.check_stream("s", "s:a@0 s:a@1");
}

fn a_retry_at_an_exact_version_is_recognized_at_any_distance(store: &Store) {
    let append = Append::to(stream("s"), NoStream, events(["a", "b"]));
    let first = store.append(append.clone());
    fill_window(store, limits::RETRY_WINDOW_EVENTS + 1);
    check_retry(store, &first, append);
}
