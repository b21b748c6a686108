//! Reads of a stream and of the whole store: where they begin and end, and which way they go.

use annals_core::{
    ErrorKind,
    ExpectedVersion::{Any, NoStream},
    Position, Query, ReadAll, ReadStream, Version,
};
use futures_lite::{StreamExt, future::block_on};

use crate::{
    Store,
    case::cases,
    words::{just_before, many, stream, version},
};

cases! { "reads", needs []:
    a_stream_is_read_forward_and_backward,
    a_stream_is_read_from_a_version_on_included,
    a_stream_is_read_up_to_a_version_included,
    a_stream_read_backward_begins_at_the_version_included,
    a_stream_read_stops_at_the_limit,
    a_limit_of_0_reads_nothing,
    a_stretch_turned_around_is_empty,
    a_stream_read_beyond_its_end_is_empty,
    a_stream_read_backward_from_beyond_its_end_begins_at_the_end,
    a_missing_stream_is_not_found,
    the_settings_of_a_stream_without_any_are_not_found,
    the_whole_store_is_read_forward_and_backward,
    the_whole_store_is_read_from_a_position_on_included,
    the_whole_store_is_read_up_to_a_position_included,
    the_whole_store_read_beyond_the_head_is_empty,
    an_empty_store_reads_as_empty,
    a_read_that_goes_on_does_not_see_what_was_written_after_it_began,
    a_read_may_be_dropped_midway,
    a_long_stream_is_read_whole_both_ways,
    a_long_store_is_read_whole_both_ways,
    a_limit_counts_across_a_long_store,
}

fn alphabet(store: &Store) {
    store.write("s", ["a", "b", "c", "d", "e"]);
}

fn of_stream() -> ReadStream {
    ReadStream::new(stream("s"))
}

fn of_all() -> ReadAll {
    ReadAll::new(Query::all())
}

fn a_stream_is_read_forward_and_backward(store: &Store) {
    alphabet(store);
    store.check(of_stream(), "s:a@0 s:b@1 s:c@2 s:d@3 s:e@4");
    store.check(of_stream().backward(), "s:e@4 s:d@3 s:c@2 s:b@1 s:a@0");
}

fn a_stream_is_read_from_a_version_on_included(store: &Store) {
    alphabet(store);
    store.check(of_stream().from(version(0)), "s:a@0 s:b@1 s:c@2 s:d@3 s:e@4");
    store.check(of_stream().from(version(3)), "s:d@3 s:e@4");
    store.check(of_stream().from(version(4)), "s:e@4");
}

fn a_stream_is_read_up_to_a_version_included(store: &Store) {
    alphabet(store);
    let to = |read: ReadStream, to| ReadStream { to: Some(version(to)), ..read };
    store.check(to(of_stream(), 1), "s:a@0 s:b@1");
    store.check(to(of_stream().from(version(1)), 2), "s:b@1 s:c@2");
    store.check(to(of_stream(), 99), "s:a@0 s:b@1 s:c@2 s:d@3 s:e@4");
    store.check(to(of_stream().backward(), 3), "s:e@4 s:d@3");
    store.check(to(of_stream().backward().from(version(2)), 1), "s:c@2 s:b@1");
}

fn a_stream_read_backward_begins_at_the_version_included(store: &Store) {
    alphabet(store);
    store.check(of_stream().backward().from(version(2)), "s:c@2 s:b@1 s:a@0");
    store.check(of_stream().backward().from(version(0)), "s:a@0");
}

fn a_stream_read_stops_at_the_limit(store: &Store) {
    alphabet(store);
    store.check(of_stream().limit(2), "s:a@0 s:b@1");
    store.check(of_stream().from(version(3)).limit(1), "s:d@3");
    store.check(of_stream().backward().limit(2), "s:e@4 s:d@3");
    store.check(of_stream().limit(u64::MAX), "s:a@0 s:b@1 s:c@2 s:d@3 s:e@4");
}

fn a_limit_of_0_reads_nothing(store: &Store) {
    alphabet(store);
    store.check(of_stream().limit(0), "");
    store.check(of_all().limit(0), "");
    store.check(of_all().backward().limit(0), "");
}

fn a_stretch_turned_around_is_empty(store: &Store) {
    alphabet(store);
    store.check(ReadStream { to: Some(version(1)), ..of_stream().from(version(3)) }, "");
    let backward = of_stream().backward().from(version(1));
    store.check(ReadStream { to: Some(version(3)), ..backward }, "");
    let head = store.head();
    let before = head.and_then(just_before);
    store.check(ReadAll { from: head, to: before, ..of_all() }, "");
    store.check(ReadAll { from: before, to: head, ..of_all().backward() }, "");
}

fn a_stream_read_beyond_its_end_is_empty(store: &Store) {
    alphabet(store);
    for beyond in [5, 1_000, Version::DELETED.get(), u64::MAX] {
        store.check(of_stream().from(version(beyond)), "");
    }
}

fn a_stream_read_backward_from_beyond_its_end_begins_at_the_end(store: &Store) {
    alphabet(store);
    for beyond in [5, Version::DELETED.get(), u64::MAX] {
        store.check(of_stream().backward().from(version(beyond)).limit(2), "s:e@4 s:d@3");
    }
}

fn a_missing_stream_is_not_found(store: &Store) {
    alphabet(store);
    let missing = ReadStream::new(stream("missing"));
    let reads = [
        missing.clone(),
        missing.clone().backward(),
        missing.clone().from(version(7)),
        missing.limit(0),
    ];
    for read in reads {
        let shown = format!("{read:?}");
        let error = store.try_read(read).expect_err(&shown);
        assert_eq!(error.kind(), ErrorKind::StreamNotFound, "{shown}");
    }
}

fn the_settings_of_a_stream_without_any_are_not_found(store: &Store) {
    alphabet(store);
    store.refuse_read("$$s", ErrorKind::StreamNotFound);
}

fn mixed(store: &Store) -> Vec<Position> {
    for (name, of_type) in [("s", "a"), ("t", "b"), ("s", "c"), ("u", "d")] {
        store.write(name, [of_type]);
    }
    store.read(of_all()).iter().map(|event| event.position).collect()
}

fn the_whole_store_is_read_forward_and_backward(store: &Store) {
    mixed(store);
    store.check(of_all(), "s:a@0 t:b@0 s:c@1 u:d@0");
    store.check(of_all().backward(), "u:d@0 s:c@1 t:b@0 s:a@0");
    store.check(of_all().limit(2), "s:a@0 t:b@0");
    store.check(of_all().backward().limit(2), "u:d@0 s:c@1");
}

fn the_whole_store_is_read_from_a_position_on_included(store: &Store) {
    let positions = mixed(store);
    let [first, second, third, _] = positions.as_slice() else { panic!("four events") };
    store.check(of_all().from(*first), "s:a@0 t:b@0 s:c@1 u:d@0");
    store.check(of_all().from(*third), "s:c@1 u:d@0");
    store.check(of_all().from(*second).limit(1), "t:b@0");
    store.check(of_all().backward().from(*second), "t:b@0 s:a@0");
}

fn the_whole_store_is_read_up_to_a_position_included(store: &Store) {
    let positions = mixed(store);
    let [_, second, third, _] = positions.as_slice() else { panic!("four events") };
    store.check(ReadAll { to: Some(*second), ..of_all() }, "s:a@0 t:b@0");
    store.check(ReadAll { to: Some(*third), ..of_all().from(*second) }, "t:b@0 s:c@1");
    store.check(ReadAll { to: Some(*third), ..of_all().backward() }, "u:d@0 s:c@1");
}

fn the_whole_store_read_beyond_the_head_is_empty(store: &Store) {
    mixed(store);
    let head = store.head().expect("events were written");
    for beyond in [head.next(), head.plus(1_000_000), Position::new(u64::MAX)] {
        store.check(of_all().from(beyond), "");
        store.check(of_all().backward().from(beyond).limit(1), "u:d@0");
    }
}

fn an_empty_store_reads_as_empty(store: &Store) {
    store.check(of_all(), "");
    store.check(of_all().backward(), "");
    store.check(of_all().from(Position::new(7)), "");
    assert_eq!(store.head(), None);
}

fn a_read_that_goes_on_does_not_see_what_was_written_after_it_began(store: &Store) {
    store.append_to("s", NoStream, many(2_000, "a"));
    let mut reading = store.backend().read(of_all().into());
    let mut count = 0;
    while let Some(event) = block_on(reading.next()) {
        event.expect("the read goes on");
        count += 1;
        if count % 500 == 1 {
            store.write("s", ["late"]);
        }
    }
    assert_eq!(count, 2_000);
}

fn a_read_may_be_dropped_midway(store: &Store) {
    store.append_to("s", NoStream, many(2_000, "a"));
    let mut reading = store.backend().read(of_stream().into());
    let first = block_on(reading.next()).expect("the stream has events");
    assert_eq!(first.expect("the read begins").version, Version::FIRST);
    drop(reading);
    store.write("s", ["b"]);
}

const LONG: usize = 3_000;

fn a_long_stream_is_read_whole_both_ways(store: &Store) {
    for _ in 0..3 {
        store.append_to("s", Any, many(LONG / 3, "a"));
        store.write("t", ["noise"]);
    }
    let forward: Vec<_> = store.read(of_stream()).iter().map(|event| event.version.get()).collect();
    assert!(forward.iter().copied().eq(0..LONG as u64));
    let mut backward: Vec<_> =
        store.read(of_stream().backward()).iter().map(|event| event.version.get()).collect();
    backward.reverse();
    assert_eq!(backward, forward);
}

fn a_long_store_is_read_whole_both_ways(store: &Store) {
    for number in 0..3 {
        store.append_to(&format!("s-{number}"), NoStream, many(LONG / 3, "a"));
    }
    let forward = store.read(of_all());
    assert_eq!(forward.len(), LONG);
    let mut backward = store.read(of_all().backward());
    backward.reverse();
    assert!(forward == backward, "the same events both ways");
}

fn a_limit_counts_across_a_long_store(store: &Store) {
    store.append_to("s", NoStream, many(LONG, "a"));
    for limit in [1, 999, 1_000, 1_001, LONG - 1, LONG + 1] {
        let read = store.read(of_all().limit(limit as u64));
        assert_eq!(read.len(), std::cmp::min(limit, LONG));
    }
}
