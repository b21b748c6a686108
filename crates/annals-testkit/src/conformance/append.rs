//! Appends to one stream and the version they expect.

use annals_core::{
    Append, ErrorKind,
    ExpectedVersion::{self, Any, NoStream, StreamExists},
    ReadAll, ReadStream, StreamMetadata, Version,
};

use crate::{
    Store,
    case::cases,
    words::{at, event, events, many, stream, types, version},
};

cases! { "append", needs []:
    the_first_event_of_a_stream_has_version_0,
    events_of_one_append_stand_in_order_next_to_each_other,
    versions_count_per_stream_and_positions_over_all,
    the_answer_names_the_versions_and_the_last_position,
    any_version_appends_to_a_missing_and_to_a_live_stream,
    no_stream_begins_a_stream_once,
    an_exact_version_appends_when_it_is_the_last,
    an_exact_version_behind_the_stream_is_a_conflict,
    an_exact_version_ahead_of_the_stream_is_a_conflict,
    an_exact_version_of_a_missing_stream_is_a_conflict,
    an_existing_stream_must_have_events,
    a_stream_with_settings_alone_counts_as_existing,
    a_conflict_names_stream_expected_and_actual_version,
    an_append_without_events_only_checks,
    an_append_without_events_does_not_begin_a_stream,
    a_refused_append_leaves_the_stream_usable,
    an_append_that_is_not_awaited_may_be_dropped,
    names_differ_by_every_byte,
    many_events_fit_into_one_append,
    a_stream_of_many_small_appends_is_whole,
}

fn the_first_event_of_a_stream_has_version_0(store: &Store) {
    let done = store.write("s", ["begun"]);
    let events = store.read(ReadStream::new(stream("s")));
    let [first] = events.as_slice() else { panic!("one event was written") };
    assert_eq!(first.version, Version::FIRST);
    assert_eq!(Some(first.position), done.position);
    assert_eq!(store.head(), done.position);
}

fn events_of_one_append_stand_in_order_next_to_each_other(store: &Store) {
    store.write("other", ["x"]);
    store.write("s", ["a", "b", "c"]);
    store.write("other", ["y"]);
    store.check_all("other:x@0 s:a@0 s:b@1 s:c@2 other:y@1");
}

fn versions_count_per_stream_and_positions_over_all(store: &Store) {
    for _ in 0..3 {
        store.write("s", ["a"]);
        store.write("t", ["b"]);
    }
    store.check_stream("s", "s:a@0 s:a@1 s:a@2");
    store.check_stream("t", "t:b@0 t:b@1 t:b@2");
    store.check_all("s:a@0 t:b@0 s:a@1 t:b@1 s:a@2 t:b@2");
}

fn the_answer_names_the_versions_and_the_last_position(store: &Store) {
    store.write("s", ["a"]);
    let done = store.append_to("s", Any, events(["b", "c"]));
    let [of_stream] = done.streams.as_slice() else { panic!("one stream was written") };
    assert_eq!(of_stream.stream, stream("s"));
    assert_eq!(of_stream.first_version, Some(version(1)));
    assert_eq!(of_stream.last_version, Some(version(2)));
    assert!(!done.duplicate);
    let newest = store.read(ReadAll::new(types(["c"])));
    assert_eq!(newest.first().map(|event| event.position), done.position);
}

fn any_version_appends_to_a_missing_and_to_a_live_stream(store: &Store) {
    store.append_to("s", Any, [event("a")]);
    store.append_to("s", Any, [event("b")]);
    store.check_stream("s", "s:a@0 s:b@1");
}

fn no_stream_begins_a_stream_once(store: &Store) {
    store.append_to("s", NoStream, [event("a")]);
    store.refuse_version(Append::to(stream("s"), NoStream, [event("b")]), "s", Some(0));
    store.check_stream("s", "s:a@0");
}

fn an_exact_version_appends_when_it_is_the_last(store: &Store) {
    store.write("s", ["a", "b"]);
    store.append_to("s", at(1), [event("c")]);
    store.check_stream("s", "s:a@0 s:b@1 s:c@2");
}

fn an_exact_version_behind_the_stream_is_a_conflict(store: &Store) {
    store.write("s", ["a", "b", "c"]);
    for behind in [0, 1] {
        store.refuse_version(Append::to(stream("s"), at(behind), [event("x")]), "s", Some(2));
    }
    store.check_stream("s", "s:a@0 s:b@1 s:c@2");
}

fn an_exact_version_ahead_of_the_stream_is_a_conflict(store: &Store) {
    store.write("s", ["a"]);
    for ahead in [1, 7, Version::DELETED.get(), u64::MAX] {
        store.refuse_version(Append::to(stream("s"), at(ahead), [event("x")]), "s", Some(0));
    }
}

fn an_exact_version_of_a_missing_stream_is_a_conflict(store: &Store) {
    for expected in [0, 1, u64::MAX] {
        store.refuse_version(Append::to(stream("s"), at(expected), [event("x")]), "s", None);
    }
    store.refuse_read("s", ErrorKind::StreamNotFound);
}

fn an_existing_stream_must_have_events(store: &Store) {
    store.refuse_version(Append::to(stream("s"), StreamExists, [event("a")]), "s", None);
    store.write("s", ["a"]);
    store.append_to("s", StreamExists, [event("b")]);
    store.check_stream("s", "s:a@0 s:b@1");
}

fn a_stream_with_settings_alone_counts_as_existing(store: &Store) {
    store.settings("s", &StreamMetadata { max_count: Some(9), ..StreamMetadata::default() });
    store.append_to("s", StreamExists, [event("a")]);
    store.check_stream("s", "s:a@0");
}

fn a_conflict_names_stream_expected_and_actual_version(store: &Store) {
    store.write("s", ["a", "b"]);
    let late = Append::to(stream("s"), at(0), [event("x")]);
    let error = store.refuse(late, ErrorKind::WrongExpectedVersion);
    let facts = error.wrong_expected_version().expect("a version conflict carries its facts");
    assert_eq!(facts.stream, stream("s"));
    assert_eq!(facts.expected, at(0));
    assert_eq!(facts.actual, Some(version(1)));
    assert_eq!(error.retry(), annals_core::Retry::AfterReload);
}

fn an_append_without_events_only_checks(store: &Store) {
    store.write("s", ["a", "b"]);
    let head = store.head();
    for expected in [Any, StreamExists, at(1)] {
        let done = store.append_to("s", expected, []);
        let [of_stream] = done.streams.as_slice() else { panic!("one stream was checked") };
        assert_eq!(of_stream.first_version, None, "{expected}");
        assert_eq!(of_stream.last_version, Some(version(1)), "{expected}");
        assert_eq!(done.position, None, "{expected}: nothing was written");
        assert!(!done.duplicate, "{expected}");
    }
    assert_eq!(store.head(), head);
    for expected in [NoStream, at(0), at(2)] {
        store.refuse_version(Append::to(stream("s"), expected, []), "s", Some(1));
    }
}

fn an_append_without_events_does_not_begin_a_stream(store: &Store) {
    for expected in [Any, NoStream] {
        let done = store.append_to("s", expected, []);
        let last = done.streams.first().and_then(|of_stream| of_stream.last_version);
        assert_eq!((last, done.position), (None, None));
    }
    store.refuse_read("s", ErrorKind::StreamNotFound);
    store.refuse_version(Append::to(stream("s"), StreamExists, []), "s", None);
    assert_eq!(store.streams(None), "");
}

fn a_refused_append_leaves_the_stream_usable(store: &Store) {
    store.write("s", ["a"]);
    store.refuse_version(Append::to(stream("s"), at(5), [event("x")]), "s", Some(0));
    store.append_to("s", at(0), [event("b")]);
    store.check_stream("s", "s:a@0 s:b@1");
}

fn an_append_that_is_not_awaited_may_be_dropped(store: &Store) {
    let backend = store.backend();
    drop(backend.append(Append::to(stream("s"), Any, [event("dropped")])));
    store.write("t", ["a"]);
    store.check_stream("t", "t:a@0");
}

fn names_differ_by_every_byte(store: &Store) {
    let composed = "caf\u{e9}-1";
    let decomposed = "cafe\u{301}-1";
    for name in [composed, decomposed, "CAF\u{c9}-1", "cafe-1 ", "cafe-1", "-1", "-"] {
        store.append_to(name, NoStream, [event("a")]);
    }
    for name in [composed, decomposed, "-"] {
        store.check_stream(name, &format!("{name}:a@0"));
    }
}

fn many_events_fit_into_one_append(store: &Store) {
    let done = store.append_to("s", NoStream, many(5_000, "a"));
    let last = done.streams.first().and_then(|of_stream| of_stream.last_version);
    assert_eq!(last, Some(version(4_999)));
    assert_eq!(store.read(ReadStream::new(stream("s"))).len(), 5_000);
    store.append_to("s", at(4_999), [event("b")]);
}

fn a_stream_of_many_small_appends_is_whole(store: &Store) {
    let mut expected = NoStream;
    for number in 0..300 {
        store.append_to("s", expected, [event("a")]);
        expected = ExpectedVersion::Exact(version(number));
    }
    let events = store.read(ReadStream::new(stream("s")));
    assert!(events.iter().map(|event| event.version.get()).eq(0..300));
}
