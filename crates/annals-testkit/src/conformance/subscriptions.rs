//! Subscriptions to the whole store: catch up, a mark, then live; no gap and no repeat.

use std::{num::NonZeroU64, thread};

use annals_core::{
    Delivery, ErrorKind, ExpectedVersion::Any, Position, Query, Subscribe, SubscribeStart,
};

use crate::{
    Store,
    case::cases,
    words::{any_of, category, event, just_before, many, types},
};

cases! { "subscriptions", needs []:
    everything_is_given_then_the_mark_then_what_comes,
    the_mark_names_the_head,
    an_empty_store_is_caught_up_at_once,
    a_start_after_a_position_leaves_it_out,
    a_start_after_the_head_gives_only_what_comes,
    a_start_at_the_end_gives_only_what_comes,
    a_start_at_the_end_of_an_empty_store_gives_everything_that_comes,
    only_matching_events_are_given,
    a_query_by_category_is_followed,
    a_long_history_is_given_whole_with_one_mark,
    a_waiting_subscription_is_woken_by_another_thread,
    what_was_written_while_catching_up_is_given_once,
    several_subscriptions_go_on_side_by_side,
    a_subscription_is_resumed_after_any_event,
    deletions_and_settings_are_given_as_events,
    a_rare_query_is_given_checkpoints,
    a_checkpoint_is_a_safe_place_to_resume,
    checkpoints_go_on_when_live,
    without_asking_there_are_no_checkpoints,
    a_dropped_subscription_disturbs_nobody,
    closing_the_store_ends_it,
}

fn from_beginning() -> Subscribe {
    Subscribe::all(Query::all(), SubscribeStart::Beginning)
}

fn everything_is_given_then_the_mark_then_what_comes(store: &Store) {
    store.write("s", ["a"]);
    store.write("t", ["b"]);
    let mut follower = store.follow(from_beginning());
    follower.check("s:a@0 t:b@0 caught-up");
    store.write("s", ["c", "d"]);
    store.write("t", ["e"]);
    follower.check("s:c@1 s:d@2 t:e@1");
}

fn the_mark_names_the_head(store: &Store) {
    store.write("s", ["a", "b"]);
    let mut follower = store.follow(Subscribe::all(types(["a"]), SubscribeStart::Beginning));
    let deliveries = follower.until_caught_up();
    assert_eq!(deliveries.last(), Some(&Delivery::CaughtUp { position: store.head() }));
}

fn an_empty_store_is_caught_up_at_once(store: &Store) {
    let mut follower = store.follow(from_beginning());
    assert_eq!(follower.next(), Delivery::CaughtUp { position: None });
    store.write("s", ["a"]);
    follower.check("s:a@0");
}

fn a_start_after_a_position_leaves_it_out(store: &Store) {
    let position = store.write("s", ["a"]).position.expect("an event was written");
    store.write("s", ["b"]);
    let start = SubscribeStart::After(position);
    store.follow(Subscribe::all(Query::all(), start)).check("s:b@1 caught-up");
}

fn a_start_after_the_head_gives_only_what_comes(store: &Store) {
    let head = store.write("s", ["a"]).position.expect("an event was written");
    let mut follower = store.follow(Subscribe::all(Query::all(), SubscribeStart::After(head)));
    follower.check("caught-up");
    store.write("s", ["b"]);
    follower.check("s:b@1");
}

fn a_start_at_the_end_gives_only_what_comes(store: &Store) {
    store.write("s", ["a"]);
    let mut follower = store.follow(Subscribe::all(Query::all(), SubscribeStart::End));
    follower.check("caught-up");
    store.write("s", ["b"]);
    follower.check("s:b@1");
}

fn a_start_at_the_end_of_an_empty_store_gives_everything_that_comes(store: &Store) {
    let mut follower = store.follow(Subscribe::all(Query::all(), SubscribeStart::End));
    follower.check("caught-up");
    store.write("s", ["a"]);
    follower.check("s:a@0");
}

fn only_matching_events_are_given(store: &Store) {
    store.write("s", ["a", "b", "a"]);
    let mut follower = store.follow(Subscribe::all(types(["a"]), SubscribeStart::Beginning));
    follower.check("s:a@0 s:a@2 caught-up");
    store.write("s", ["b"]);
    store.write("s", ["b", "a"]);
    follower.check("s:a@5");
}

fn a_query_by_category_is_followed(store: &Store) {
    store.write("order-1", ["a"]);
    let orders = any_of([annals_core::QueryItem::category(category("order"))]);
    let mut follower = store.follow(Subscribe::all(orders, SubscribeStart::Beginning));
    follower.check("order-1:a@0 caught-up");
    store.write("account-1", ["b"]);
    store.write("order-2", ["c"]);
    follower.check("order-2:c@0");
}

fn a_long_history_is_given_whole_with_one_mark(store: &Store) {
    for _ in 0..3 {
        store.append_to("s", Any, many(1_000, "a"));
    }
    let mut follower = store.follow(from_beginning());
    let deliveries = follower.until_caught_up();
    assert_eq!(deliveries.len(), 3_001, "3,000 events and the mark");
    let versions = deliveries.iter().filter_map(|delivery| match delivery {
        Delivery::Event(event) => Some(event.version.get()),
        _ => None,
    });
    assert!(versions.eq(0..3_000));
}

fn a_waiting_subscription_is_woken_by_another_thread(store: &Store) {
    let mut follower = store.follow(from_beginning());
    follower.check("caught-up");
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..100 {
                store.write("s", ["a"]);
            }
        });
        let versions: Vec<_> =
            follower.events(100).iter().map(|event| event.version.get()).collect();
        assert!(versions.into_iter().eq(0..100));
    });
}

fn what_was_written_while_catching_up_is_given_once(store: &Store) {
    store.append_to("s", Any, many(1_500, "a"));
    let mut follower = store.follow(from_beginning());
    let mut versions: Vec<_> = Vec::new();
    for round in 0..10 {
        versions.extend(follower.events(150 + round).iter().map(|event| event.version.get()));
        store.append_to("s", Any, many(100, "b"));
    }
    versions.extend(follower.events(2_500 - versions.len()).iter().map(|e| e.version.get()));
    assert!(versions.into_iter().eq(0..2_500));
}

fn several_subscriptions_go_on_side_by_side(store: &Store) {
    store.write("s", ["a"]);
    let mut all = store.follow(from_beginning());
    let mut some = store.follow(Subscribe::all(types(["b"]), SubscribeStart::Beginning));
    let mut late = store.follow(Subscribe::all(Query::all(), SubscribeStart::End));
    all.check("s:a@0 caught-up");
    some.check("caught-up");
    late.check("caught-up");
    store.write("s", ["b"]);
    for follower in [&mut all, &mut some, &mut late] {
        follower.check("s:b@1");
    }
}

fn a_subscription_is_resumed_after_any_event(store: &Store) {
    for _ in 0..4 {
        store.write("s", ["a", "b", "c"]);
    }
    let all = store.follow(from_beginning()).events(12);
    for (number, seen) in all.iter().enumerate() {
        let start = SubscribeStart::After(seen.position);
        let mut follower = store.follow(Subscribe::all(Query::all(), start));
        let rest = follower.until_caught_up();
        let events: Vec<_> = all.iter().skip(number + 1).cloned().map(Delivery::Event).collect();
        assert!(rest.starts_with(&events) && rest.len() == events.len() + 1);
    }
}

fn deletions_and_settings_are_given_as_events(store: &Store) {
    let mut follower = store.follow(from_beginning());
    follower.check("caught-up");
    store.write("s", ["a"]);
    store.delete("s");
    store.write("s", ["b"]);
    store.tombstone("s");
    follower
        .check("s:a@0 $$s:$metadata@0 $$s:$metadata@1 s:b@1 s:$streamDeleted@9223372036854775807");
}

/// A subscription with checkpoints to something that never happens.
fn rare(start: SubscribeStart<Position>) -> Subscribe {
    let every = NonZeroU64::new(10).expect("ten is not zero");
    Subscribe::all(types(["rare"]), start).checkpoint_every(every)
}

fn a_rare_query_is_given_checkpoints(store: &Store) {
    store.append_to("s", Any, many(2_000, "noise"));
    let mut follower = store.follow(rare(SubscribeStart::Beginning));
    let deliveries = follower.until_caught_up();
    let positions: Vec<_> = deliveries
        .iter()
        .filter_map(|delivery| match delivery {
            Delivery::Checkpoint(position) => Some(*position),
            _ => None,
        })
        .collect();
    assert!(positions.is_sorted(), "checkpoints only go forward: {positions:?}");
    let head = store.head().expect("events were written");
    let last = positions.last().copied().expect("there is a checkpoint after 2,000 events");
    assert!(last <= head, "a checkpoint is not beyond what was written");
    assert!(last.get() + 10 >= head.get(), "at most ten events are looked at without a checkpoint");
}

fn a_checkpoint_is_a_safe_place_to_resume(store: &Store) {
    store.append_to("s", Any, many(50, "noise"));
    store.write("s", ["rare"]);
    store.append_to("s", Any, many(50, "noise"));
    let mut follower = store.follow(rare(SubscribeStart::Beginning));
    let mut seen = None;
    for delivery in follower.until_caught_up() {
        match delivery {
            Delivery::Event(event) => seen = Some(event.position),
            Delivery::Checkpoint(position) => {
                let mut resumed = store.follow(rare(SubscribeStart::After(position)));
                let rest = resumed.until_caught_up();
                let again = rest.iter().any(|delivery| matches!(delivery, Delivery::Event(_)));
                assert_eq!(again, seen.is_none(), "resuming neither repeats nor loses the event");
            }
            _ => {}
        }
    }
    assert!(seen.is_some());
}

fn checkpoints_go_on_when_live(store: &Store) {
    let mut follower = store.follow(rare(SubscribeStart::Beginning));
    follower.check("caught-up");
    store.append_to("s", Any, many(25, "noise"));
    let Delivery::Checkpoint(position) = follower.next() else {
        panic!("25 events were looked at");
    };
    assert!(Some(position) <= store.head());
    store.write("s", ["rare"]);
    let events = follower.events(1);
    assert!(events.iter().all(|event| event.position > position));
}

fn without_asking_there_are_no_checkpoints(store: &Store) {
    store.append_to("s", Any, many(2_000, "noise"));
    let mut follower = store.follow(Subscribe::all(types(["rare"]), SubscribeStart::Beginning));
    follower.check("caught-up");
}

fn a_dropped_subscription_disturbs_nobody(store: &Store) {
    store.write("s", ["a"]);
    let mut dropped = store.follow(from_beginning());
    dropped.check("s:a@0");
    drop(dropped);
    store.append_to("s", Any, [event("b")]);
    let before = store.head().and_then(just_before).expect("two events were written");
    let start = SubscribeStart::After(before);
    store.follow(Subscribe::all(Query::all(), start)).check("s:b@1 caught-up");
}

fn closing_the_store_ends_it(store: &Store) {
    store.write("s", ["a"]);
    let mut waiting = store.follow(from_beginning());
    waiting.check("s:a@0 caught-up");
    thread::scope(|scope| {
        scope.spawn(|| waiting.check_end(ErrorKind::Closed));
        futures_lite::future::block_on(store.backend().close()).expect("the store closes");
    });
}
