//! Appends to several streams: all or nothing.

use annals_core::{
    Append, Appended, ErrorKind,
    ExpectedVersion::{self, Any, NoStream, StreamExists},
    Read, ReadAll, StreamMetadata,
};

use crate::{
    Store,
    case::cases,
    words::{at, event, events, stream, version},
};

cases! { "multi_stream", needs [MultiStream]:
    writes_to_several_streams_are_stored_together_in_their_order,
    the_answer_has_a_row_for_each_write,
    one_stale_stream_refuses_all,
    the_first_refused_write_is_the_one_named,
    a_write_without_events_only_checks_its_stream,
    a_failed_check_refuses_all,
    checks_alone_write_nothing,
    a_stream_and_its_settings_are_written_together,
    settings_in_the_same_append_decide_about_a_deleted_stream,
    a_check_is_answered_as_the_append_leaves_the_stream,
    one_id_may_stand_in_several_streams,
    a_retry_gives_the_first_answer,
    a_retry_gives_the_first_answer_after_the_streams_went_on,
    a_retry_succeeds_although_its_check_fails_now,
    a_mix_of_stored_and_new_writes_is_a_conflict,
    hundreds_of_streams_fit_into_one_append,
    interleaved_events_keep_their_order_across_streams,
    the_answer_to_an_interleaved_append_has_a_row_for_each_stream,
    a_retry_may_interleave_otherwise,
    an_interleaving_that_does_not_fit_the_writes_is_refused,
}

fn both(
    expected: (ExpectedVersion, ExpectedVersion),
    types: (&'static str, &'static str),
) -> Append {
    Append::to(stream("s"), expected.0, [event(types.0)]).and(
        stream("t"),
        expected.1,
        [event(types.1)],
    )
}

fn writes_to_several_streams_are_stored_together_in_their_order(store: &Store) {
    let append = Append::to(stream("t"), NoStream, events(["a", "b"]))
        .and(stream("s"), NoStream, events(["c"]))
        .and(stream("u"), Any, events(["d"]));
    store.append(append);
    store.check_all("t:a@0 t:b@1 s:c@0 u:d@0");
}

fn the_answer_has_a_row_for_each_write(store: &Store) {
    store.write("s", ["x"]);
    let append = Append::to(stream("t"), NoStream, events(["a", "b"]))
        .and(stream("u"), NoStream, [])
        .and(stream("s"), at(0), events(["c"]));
    let done = store.append(append);
    let rows: Vec<_> =
        done.streams.iter().map(|row| (row.first_version, row.last_version)).collect();
    let [zero, one] = [0, 1].map(|number| Some(version(number)));
    assert_eq!(rows, [(zero, one), (None, None), (one, one)]);
    assert_eq!(done.streams.first().map(|row| row.stream.clone()), Some(stream("t")));
    assert_eq!(done.position, store.head());
}

fn one_stale_stream_refuses_all(store: &Store) {
    store.write("s", ["x"]);
    store.write("t", ["y"]);
    store.refuse_version(both((at(0), at(3)), ("a", "b")), "t", Some(0));
    store.refuse_version(both((at(3), at(0)), ("a", "b")), "s", Some(0));
    store.check_all("s:x@0 t:y@0");
}

fn the_first_refused_write_is_the_one_named(store: &Store) {
    store.write("s", ["x"]);
    store.refuse_version(both((NoStream, at(3)), ("a", "b")), "s", Some(0));
}

fn a_write_without_events_only_checks_its_stream(store: &Store) {
    store.write("s", ["x"]);
    let append = Append::to(stream("t"), NoStream, [event("a")]).and(stream("s"), at(0), []);
    store.append(append);
    store.check_all("s:x@0 t:a@0");
}

fn a_failed_check_refuses_all(store: &Store) {
    let append = Append::to(stream("t"), NoStream, [event("a")]).and(stream("s"), StreamExists, []);
    store.refuse_version(append, "s", None);
    store.check_all("");
}

fn checks_alone_write_nothing(store: &Store) {
    store.write("s", ["x"]);
    let done = store.append(Append::to(stream("s"), at(0), []).and(stream("t"), NoStream, []));
    assert_eq!(done.position, None);
    store.check_all("s:x@0");
}

fn a_stream_and_its_settings_are_written_together(store: &Store) {
    let metadata = StreamMetadata { max_count: Some(1), ..StreamMetadata::default() };
    let settings = metadata.to_write(&stream("s"), NoStream).expect("a stream has settings");
    let mut append = Append::to(stream("s"), NoStream, events(["a", "b"]));
    append.writes.push(settings);
    store.append(append);
    store.check_stream("s", "s:b@1");
    store.check_all("s:a@0 s:b@1 $$s:$metadata@0");
}

fn settings_in_the_same_append_decide_about_a_deleted_stream(store: &Store) {
    for settings_come_first in [true, false] {
        let name = format!("s-{settings_come_first}");
        store.write(&name, ["a", "b"]);
        store.delete(&name);
        let metadata = StreamMetadata { max_count: Some(2), ..StreamMetadata::default() };
        let settings = metadata.to_write(&stream(&name), at(0)).expect("a stream has settings");
        let mut append = Append::to(stream(&name), at(1), [event("c")]);
        let place = if settings_come_first { 0 } else { 1 };
        append.writes.insert(place, settings);
        store.append(append);
        store.check_stream(&name, &format!("{name}:b@1 {name}:c@2"));
        let info = store.info_of(&name);
        assert_eq!((info.metadata, info.metadata_version), (metadata, Some(version(1))));
    }
}

fn a_check_is_answered_as_the_append_leaves_the_stream(store: &Store) {
    store.write("s", ["a"]);
    store.delete("s");
    let done = store.append(Append::to(stream("$$s"), at(0), []).and(stream("s"), Any, []));
    let last: Vec<_> = done.streams.iter().map(|row| row.last_version).collect();
    assert_eq!(last, [Some(version(1)), Some(version(0))]);
    assert_eq!(done.position, store.head());
}

fn one_id_may_stand_in_several_streams(store: &Store) {
    let a = event("a");
    store.append(Append::to(stream("s"), Any, [a.clone()]).and(stream("t"), Any, [a]));
    store.check_all("s:a@0 t:a@0");
}

#[track_caller]
fn check_retry(store: &Store, first: &Appended, again: Append) {
    let head = store.head();
    assert_eq!(store.append(again), Appended { duplicate: true, ..first.clone() });
    assert_eq!(store.head(), head, "a retry writes nothing");
}

fn a_retry_gives_the_first_answer(store: &Store) {
    store.write("t", ["x"]);
    for expected in [(Any, Any), (at(0), StreamExists)] {
        let append = both(expected, ("a", "b"));
        let first = store.append(append.clone());
        check_retry(store, &first, append);
    }
    store.check_stream("s", "s:a@0 s:a@1");
}

fn a_retry_gives_the_first_answer_after_the_streams_went_on(store: &Store) {
    let append = both((NoStream, NoStream), ("a", "b"));
    let first = store.append(append.clone());
    store.write("t", ["c"]);
    store.write("s", ["d"]);
    check_retry(store, &first, append);
}

fn a_retry_succeeds_although_its_check_fails_now(store: &Store) {
    let append = Append::to(stream("s"), Any, [event("a")]).and(stream("t"), NoStream, []);
    store.append(append.clone());
    store.write("t", ["x"]);
    let again = store.append(append);
    assert!(again.duplicate);
    store.check_all("s:a@0 t:x@0");
}

fn a_mix_of_stored_and_new_writes_is_a_conflict(store: &Store) {
    let a = event("a");
    store.append_to("s", NoStream, [a.clone()]);
    for expected in [Any, NoStream] {
        let mixed =
            Append::to(stream("s"), expected, [a.clone()]).and(stream("t"), NoStream, [event("b")]);
        store.refuse(mixed, ErrorKind::WrongExpectedVersion);
    }
    store.check_all("s:a@0");
}

fn hundreds_of_streams_fit_into_one_append(store: &Store) {
    let mut append = Append::default();
    for number in 0..500 {
        append = append.and(stream(&format!("s-{number}")), NoStream, [event("a")]);
    }
    store.append(append);
    let events = store.read(Read::from(ReadAll::new(annals_core::Query::all())));
    assert_eq!(events.len(), 500);
    let in_order = events.iter().enumerate();
    assert!(
        in_order.into_iter().all(|(number, event)| event.stream == stream(&format!("s-{number}")))
    );
}

fn interleaved() -> Append {
    let order = [("s", "a"), ("t", "b"), ("s", "c"), ("u", "d"), ("t", "e")];
    Append::interleaved(Any, order.map(|(name, of_type)| (stream(name), event(of_type))))
}

fn interleaved_events_keep_their_order_across_streams(store: &Store) {
    store.write("t", ["x"]);
    store.append(interleaved());
    store.check_all("t:x@0 s:a@0 t:b@1 s:c@1 u:d@0 t:e@2");
    store.check_stream("s", "s:a@0 s:c@1");
}

fn the_answer_to_an_interleaved_append_has_a_row_for_each_stream(store: &Store) {
    store.write("t", ["x"]);
    let done = store.append(interleaved());
    let shown = |row: &annals_core::StreamAppended| {
        let [first, last] = [row.first_version, row.last_version].map(|v| v.map(|v| v.get()));
        (row.stream.to_string(), first, last)
    };
    let rows: Vec<_> = done.streams.iter().map(shown).collect();
    let expected = [("s", 0, 1), ("t", 1, 2), ("u", 0, 0)];
    let expected = expected.map(|(name, first, last)| (name.to_owned(), Some(first), Some(last)));
    assert_eq!(rows, expected);
    assert_eq!(done.position, store.head());
}

fn a_retry_may_interleave_otherwise(store: &Store) {
    let append = interleaved();
    let first = store.append(append.clone());
    check_retry(store, &first, append.clone());
    check_retry(store, &first, Append { interleaving: Vec::new(), ..append });
}

fn an_interleaving_that_does_not_fit_the_writes_is_refused(store: &Store) {
    for interleaving in [vec![0], vec![0, 0], vec![0, 1, 1], vec![2, 0], vec![u32::MAX, 1]] {
        let append = Append { interleaving, ..both((Any, Any), ("a", "b")) };
        store.refuse(append, ErrorKind::InvalidArgument);
    }
}
