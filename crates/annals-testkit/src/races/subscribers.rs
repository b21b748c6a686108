//! Subscribers and readers against a crowd of writers: every position once, in order, and never
//! one below a position that was seen.

use std::sync::atomic::{AtomicUsize, Ordering};

use annals_core::{
    Append, ExpectedVersion::Any, Position, Query, ReadAll, ReadStream, RecordedEvent, Subscribe,
    SubscribeStart, Version,
};

use crate::{
    Store,
    case::cases,
    random::Random,
    words::{event, stream, types},
};

use super::{RACERS, all, crowd};

cases! { "races_subscribers", needs []:
    every_subscriber_sees_every_event_once_in_order,
    a_subscriber_that_comes_and_goes_misses_nothing,
    a_reader_that_asks_for_more_never_finds_a_hole,
    subscribers_of_a_stream_see_all_of_it,
    subscribers_with_a_query_see_all_that_matches,
    heads_never_go_back_and_reads_reach_them,
}

const WRITERS: u64 = 5;
const APPENDS: usize = 40;
/// Each append holds one to four events, by turns.
const EVENTS: usize = WRITERS as usize * APPENDS / 4 * (1 + 2 + 3 + 4);

/// What a writer does: appends of different sizes to two streams.
fn write(store: &Store, writer: u64) {
    let mut random = Random::new(writer);
    for round in 0..APPENDS {
        let of_type = random.pick(&["a", "b"]);
        let events = (0..=round % 4).map(|_| event(of_type));
        store.append(Append::to(stream(random.pick(&["s", "t"])), Any, events));
    }
}

/// Writers race with watchers; gives what the watchers saw.
fn race(
    store: &Store,
    watchers: u64,
    watch: impl Fn(u64) -> Vec<RecordedEvent> + Sync,
) -> Vec<Vec<RecordedEvent>> {
    crowd(WRITERS + watchers, |number| match number.checked_sub(WRITERS) {
        None => {
            write(store, number);
            None
        }
        Some(watcher) => Some(watch(watcher)),
    })
    .into_iter()
    .flatten()
    .collect()
}

#[track_caller]
fn check_same(seen: &[RecordedEvent], stored: &[RecordedEvent]) {
    let positions = |events: &[RecordedEvent]| -> Vec<_> {
        events.iter().map(|event| event.position.get()).collect()
    };
    assert_eq!(positions(seen), positions(stored), "every position once, in order");
    assert!(seen == stored, "the events are those that are stored");
}

fn from(start: SubscribeStart<Position>) -> Subscribe {
    Subscribe::all(Query::all(), start)
}

fn every_subscriber_sees_every_event_once_in_order(store: &Store) {
    let seen = race(store, 4, |_| store.follow(from(SubscribeStart::Beginning)).events(EVENTS));
    let stored = all(store);
    for seen in seen {
        check_same(&seen, &stored);
    }
}

fn a_subscriber_that_comes_and_goes_misses_nothing(store: &Store) {
    let seen = race(store, 3, |watcher| {
        let mut random = Random::new(watcher);
        let mut seen: Vec<RecordedEvent> = Vec::new();
        while seen.len() < EVENTS {
            let start = seen
                .last()
                .map_or(SubscribeStart::Beginning, |event| SubscribeStart::After(event.position));
            let next = 1 + usize::try_from(random.below(40)).unwrap_or(0);
            let next = std::cmp::min(next, EVENTS - seen.len());
            seen.extend(store.follow(from(start)).events(next));
        }
        seen
    });
    let stored = all(store);
    for seen in seen {
        check_same(&seen, &stored);
    }
}

fn a_reader_that_asks_for_more_never_finds_a_hole(store: &Store) {
    let seen = race(store, 3, |_| {
        let mut seen: Vec<RecordedEvent> = Vec::new();
        while seen.len() < EVENTS {
            let next = seen.last().map_or(Position::FIRST, |event| event.position.next());
            seen.extend(store.read(ReadAll::new(Query::all()).from(next)));
        }
        seen
    });
    let stored = all(store);
    for seen in seen {
        check_same(&seen, &stored);
    }
}

fn subscribers_of_a_stream_see_all_of_it(store: &Store) {
    let finished = AtomicUsize::new(0);
    let seen = crowd(WRITERS + 2, |number| {
        if number < WRITERS {
            write(store, number);
            // The last writer says so in the stream, because nobody knows its length beforehand.
            if finished.fetch_add(1, Ordering::SeqCst) + 1 == WRITERS as usize {
                store.write("s", ["end"]);
            }
            return Vec::new();
        }
        let mut follower = store.follow(Subscribe::stream(stream("s"), SubscribeStart::Beginning));
        let mut seen = Vec::new();
        while seen.last().is_none_or(|e: &RecordedEvent| e.event_type.as_str() != "end") {
            seen.extend(follower.events(1));
        }
        seen
    });
    let stored = store.read(ReadStream::new(stream("s")));
    assert!(
        stored.iter().map(|event| event.version).eq((0..).map(Version::new).take(stored.len()))
    );
    for seen in seen.into_iter().filter(|seen| !seen.is_empty()) {
        check_same(&seen, &stored);
    }
}

fn subscribers_with_a_query_see_all_that_matches(store: &Store) {
    let finished = AtomicUsize::new(0);
    let seen = crowd(WRITERS + 2, |number| {
        if number < WRITERS {
            write(store, number);
            if finished.fetch_add(1, Ordering::SeqCst) + 1 == WRITERS as usize {
                store.write("end", ["end"]);
            }
            return Vec::new();
        }
        let query = types(["a", "end"]);
        let mut follower = store.follow(Subscribe::all(query, SubscribeStart::Beginning));
        let mut seen = Vec::new();
        while seen.last().is_none_or(|e: &RecordedEvent| e.event_type.as_str() != "end") {
            seen.extend(follower.events(1));
        }
        seen
    });
    let stored = store.read(ReadAll::new(types(["a", "end"])));
    for seen in seen.into_iter().filter(|seen| !seen.is_empty()) {
        check_same(&seen, &stored);
    }
}

fn heads_never_go_back_and_reads_reach_them(store: &Store) {
    race(store, RACERS - WRITERS, |_| {
        let mut before = None;
        let mut count = 0;
        while count < EVENTS {
            let head = store.head();
            assert!(head >= before, "the head went back from {before:?} to {head:?}");
            let newest = store.read(ReadAll::new(Query::all()).backward().limit(1));
            let newest = newest.first().map(|event| event.position);
            assert!(newest >= head, "the head is {head:?}, but a read ends at {newest:?}");
            before = std::cmp::max(head, newest);
            count = store.read(ReadAll::new(Query::all())).len();
        }
        Vec::new()
    });
}
