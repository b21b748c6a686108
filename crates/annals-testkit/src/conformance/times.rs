//! The two times of an event: when it happened and when the store took it.

use annals_core::{
    ExpectedVersion::Any, NewEvent, Query, ReadAll, ReadStream, RecordedEvent, Timestamp,
};

use crate::{
    Store,
    case::cases,
    store::BEGINNING,
    words::{SECOND, event, events, stream},
};

cases! { "times", needs []:
    the_store_records_its_own_time,
    without_a_word_from_the_writer_both_times_are_the_same,
    the_time_the_writer_gives_is_kept,
    the_time_the_writer_gives_may_be_any,
    the_events_of_one_append_are_recorded_at_one_time,
    the_recorded_time_never_goes_back,
    a_clock_that_was_set_back_catches_up,
    deletions_are_recorded_with_the_time,
    an_append_that_writes_nothing_does_not_move_the_time,
}

fn recorded(store: &Store) -> Vec<i64> {
    let events = store.read(ReadAll::new(Query::all()));
    events.iter().map(|event| event.recorded_at.as_micros() - BEGINNING.as_micros()).collect()
}

fn the_store_records_its_own_time(store: &Store) {
    for micros in [0, 1, SECOND] {
        store.clock().advance_micros(micros);
        store.write("s", ["a"]);
    }
    assert_eq!(recorded(store), [0, 1, SECOND + 1]);
}

fn without_a_word_from_the_writer_both_times_are_the_same(store: &Store) {
    store.clock().advance_micros(123_456);
    store.write("s", ["a"]);
    let events = store.read(ReadStream::new(stream("s")));
    assert!(events.iter().all(|event| event.time == event.recorded_at));
}

fn at_time(micros: i64) -> NewEvent {
    NewEvent { time: Some(Timestamp::from_micros(micros)), ..event("a") }
}

fn the_time_the_writer_gives_is_kept(store: &Store) {
    let past = BEGINNING.as_micros() - SECOND;
    let future = BEGINNING.as_micros() + SECOND;
    store.append_to("s", Any, [at_time(past), at_time(future), event("b")]);
    let events: Vec<RecordedEvent> = store.read(ReadStream::new(stream("s")));
    let times: Vec<_> = events.iter().map(|event| event.time.as_micros()).collect();
    assert_eq!(times, [past, future, BEGINNING.as_micros()]);
    assert_eq!(recorded(store), [0, 0, 0]);
}

fn the_time_the_writer_gives_may_be_any(store: &Store) {
    let times = [i64::MIN, -1, 0, 1, i64::MAX];
    store.append_to("s", Any, times.map(at_time));
    let events = store.read(ReadStream::new(stream("s")));
    assert!(events.iter().map(|event| event.time.as_micros()).eq(times));
}

fn the_events_of_one_append_are_recorded_at_one_time(store: &Store) {
    store.append_to("s", Any, events(["a", "b", "c"]));
    assert_eq!(recorded(store), [0, 0, 0]);
}

fn the_recorded_time_never_goes_back(store: &Store) {
    store.write("s", ["a"]);
    store.clock().advance_micros(-SECOND);
    store.write("s", ["b"]);
    store.clock().advance_micros(-3_600 * SECOND);
    store.write("t", ["c"]);
    assert_eq!(recorded(store), [0, 0, 0]);
}

fn a_clock_that_was_set_back_catches_up(store: &Store) {
    store.write("s", ["a"]);
    store.clock().advance_micros(-SECOND);
    store.write("s", ["b"]);
    store.clock().advance_micros(2 * SECOND);
    store.write("s", ["c"]);
    assert_eq!(recorded(store), [0, 0, SECOND]);
}

fn deletions_are_recorded_with_the_time(store: &Store) {
    store.write("s", ["a"]);
    store.clock().advance_micros(SECOND);
    store.delete("s");
    store.clock().advance_micros(SECOND);
    store.write("s", ["b"]);
    store.clock().advance_micros(SECOND);
    store.tombstone("s");
    assert_eq!(recorded(store), [0, SECOND, 2 * SECOND, 2 * SECOND, 3 * SECOND]);
}

fn an_append_that_writes_nothing_does_not_move_the_time(store: &Store) {
    store.append_to("s", Any, []);
    store.clock().advance_micros(-SECOND);
    store.write("s", ["a"]);
    assert_eq!(recorded(store), [-SECOND]);
}
