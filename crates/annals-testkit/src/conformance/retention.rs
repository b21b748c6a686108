//! Retention: which events of a stream are still read. It applies at once, and never to reads of
//! the whole store.

use annals_core::{
    ExpectedVersion::Any, Query, ReadAll, ReadStream, StreamMetadata, Subscribe, SubscribeStart,
    Version,
};

use crate::{
    Store,
    case::cases,
    words::{SECOND, at, event, many, stream, version},
};

cases! { "retention", needs []:
    only_the_newest_max_count_events_are_read,
    a_raised_max_count_shows_events_again,
    events_before_the_truncation_are_not_read,
    a_truncation_beyond_the_end_hides_all,
    the_stricter_of_count_and_truncation_holds,
    events_older_than_max_age_are_not_read,
    an_event_of_exactly_max_age_is_still_read,
    age_is_counted_from_when_the_store_took_the_event,
    all_settings_hold_together,
    new_events_move_the_stretch,
    a_stream_whose_events_are_all_too_old_is_empty_and_not_missing,
    versions_go_on_after_all_events_are_hidden,
    new_settings_replace_the_old_ones,
    settings_may_come_before_the_events,
    retention_applies_to_reads_backward_from_and_limited,
    retention_does_not_apply_to_the_whole_store,
    retention_applies_to_subscriptions_of_the_stream,
    the_first_version_is_known_without_reading,
    a_stream_of_settings_shows_the_newest_only,
    a_long_stream_is_cut_to_its_end,
}

fn max_count(count: u64) -> StreamMetadata {
    StreamMetadata { max_count: Some(count), ..StreamMetadata::default() }
}

fn truncated(before: u64) -> StreamMetadata {
    StreamMetadata { truncate_before: Some(version(before)), ..StreamMetadata::default() }
}

fn max_age(seconds: u64) -> StreamMetadata {
    StreamMetadata { max_age_seconds: Some(seconds), ..StreamMetadata::default() }
}

fn alphabet(store: &Store) {
    store.write("s", ["a", "b", "c", "d", "e"]);
}

/// One event each second.
fn ticking(store: &Store) {
    for of_type in ["a", "b", "c", "d", "e"] {
        store.write("s", [of_type]);
        store.clock().advance_micros(SECOND);
    }
}

fn only_the_newest_max_count_events_are_read(store: &Store) {
    alphabet(store);
    store.settings("s", &max_count(2));
    store.check_stream("s", "s:d@3 s:e@4");
    store.settings("s", &max_count(9));
    store.check_stream("s", "s:a@0 s:b@1 s:c@2 s:d@3 s:e@4");
}

fn a_raised_max_count_shows_events_again(store: &Store) {
    alphabet(store);
    store.settings("s", &max_count(1));
    store.check_stream("s", "s:e@4");
    store.settings("s", &max_count(3));
    store.check_stream("s", "s:c@2 s:d@3 s:e@4");
}

fn events_before_the_truncation_are_not_read(store: &Store) {
    alphabet(store);
    store.settings("s", &truncated(3));
    store.check_stream("s", "s:d@3 s:e@4");
}

fn a_truncation_beyond_the_end_hides_all(store: &Store) {
    alphabet(store);
    store.settings("s", &truncated(7));
    store.check_stream("s", "");
    store.write("s", ["f", "g", "h"]);
    store.check_stream("s", "s:h@7");
}

fn the_stricter_of_count_and_truncation_holds(store: &Store) {
    alphabet(store);
    store.settings("s", &StreamMetadata { max_count: Some(4), ..truncated(3) });
    store.check_stream("s", "s:d@3 s:e@4");
    store.settings("s", &StreamMetadata { max_count: Some(1), ..truncated(3) });
    store.check_stream("s", "s:e@4");
}

fn events_older_than_max_age_are_not_read(store: &Store) {
    ticking(store);
    store.settings("s", &max_age(2));
    store.check_stream("s", "s:d@3 s:e@4");
    store.clock().advance_micros(SECOND);
    store.check_stream("s", "s:e@4");
    store.clock().advance_micros(-2 * SECOND);
    store.check_stream("s", "s:c@2 s:d@3 s:e@4");
}

fn an_event_of_exactly_max_age_is_still_read(store: &Store) {
    alphabet(store);
    store.settings("s", &max_age(10));
    store.clock().advance_micros(10 * SECOND);
    store.check_stream("s", "s:a@0 s:b@1 s:c@2 s:d@3 s:e@4");
    store.clock().advance_micros(1);
    store.check_stream("s", "");
}

fn age_is_counted_from_when_the_store_took_the_event(store: &Store) {
    let mut old = event("old");
    old.time = Some(annals_core::Timestamp::from_micros(0));
    store.append_to("s", Any, [old]);
    store.settings("s", &max_age(10));
    store.check_stream("s", "s:old@0");
    store.settings("s", &max_age(u64::MAX));
    store.check_stream("s", "s:old@0");
}

fn all_settings_hold_together(store: &Store) {
    ticking(store);
    store.settings("s", &StreamMetadata { max_count: Some(4), ..max_age(3) });
    store.check_stream("s", "s:c@2 s:d@3 s:e@4");
    let all =
        StreamMetadata { max_count: Some(4), truncate_before: Some(version(4)), ..max_age(3) };
    store.settings("s", &all);
    store.check_stream("s", "s:e@4");
}

fn new_events_move_the_stretch(store: &Store) {
    alphabet(store);
    store.settings("s", &max_count(2));
    store.write("s", ["f"]);
    store.check_stream("s", "s:e@4 s:f@5");
}

fn a_stream_whose_events_are_all_too_old_is_empty_and_not_missing(store: &Store) {
    alphabet(store);
    store.settings("s", &max_age(1));
    store.clock().advance_micros(60 * SECOND);
    store.check_stream("s", "");
    assert_eq!(store.info_of("s").status, annals_core::StreamStatus::Live);
}

fn versions_go_on_after_all_events_are_hidden(store: &Store) {
    alphabet(store);
    store.settings("s", &truncated(5));
    store.check_stream("s", "");
    store.append_to("s", at(4), [event("f")]);
    store.check_stream("s", "s:f@5");
}

fn new_settings_replace_the_old_ones(store: &Store) {
    alphabet(store);
    store.settings("s", &max_count(1));
    store.settings("s", &truncated(2));
    store.check_stream("s", "s:c@2 s:d@3 s:e@4");
    store.settings("s", &StreamMetadata::default());
    store.check_stream("s", "s:a@0 s:b@1 s:c@2 s:d@3 s:e@4");
}

fn settings_may_come_before_the_events(store: &Store) {
    store.settings("s", &max_count(2));
    alphabet(store);
    store.check_stream("s", "s:d@3 s:e@4");
}

fn retention_applies_to_reads_backward_from_and_limited(store: &Store) {
    alphabet(store);
    store.settings("s", &max_count(3));
    let read = ReadStream::new(stream("s"));
    store.check(read.clone().backward(), "s:e@4 s:d@3 s:c@2");
    store.check(read.clone().backward().from(version(3)), "s:d@3 s:c@2");
    store.check(read.clone().backward().from(version(1)), "");
    store.check(read.clone().from(version(0)).limit(2), "s:c@2 s:d@3");
    store.check(ReadStream { to: Some(version(2)), ..read }, "s:c@2");
}

fn retention_does_not_apply_to_the_whole_store(store: &Store) {
    alphabet(store);
    store.settings("s", &StreamMetadata { max_count: Some(1), ..max_age(1) });
    store.clock().advance_micros(60 * SECOND);
    store.check_all("s:a@0 s:b@1 s:c@2 s:d@3 s:e@4 $$s:$metadata@0");
    let read = ReadAll::new(Query::all()).backward().limit(2);
    store.check(read, "$$s:$metadata@0 s:e@4");
}

fn retention_applies_to_subscriptions_of_the_stream(store: &Store) {
    alphabet(store);
    store.settings("s", &max_count(2));
    let mut follower = store.follow(Subscribe::stream(stream("s"), SubscribeStart::Beginning));
    follower.check("s:d@3 s:e@4 caught-up");
    store.write("s", ["f"]);
    follower.check("s:f@5");
}

fn the_first_version_is_known_without_reading(store: &Store) {
    alphabet(store);
    assert_eq!(store.info_of("s").first_version, Version::FIRST);
    store.settings("s", &max_count(2));
    assert_eq!(store.info_of("s").first_version, version(3));
    store.settings("s", &truncated(4));
    assert_eq!(store.info_of("s").first_version, version(4));
}

fn a_stream_of_settings_shows_the_newest_only(store: &Store) {
    for count in [1, 2, 3] {
        store.settings("s", &max_count(count));
    }
    store.check_stream("$$s", "$$s:$metadata@2");
    store.check(ReadStream::new(stream("$$s")).backward(), "$$s:$metadata@2");
    assert_eq!(store.info_of("$$s").first_version, version(2));
}

fn a_long_stream_is_cut_to_its_end(store: &Store) {
    for _ in 0..3 {
        store.append_to("s", Any, many(700, "a"));
    }
    store.settings("s", &max_count(1_500));
    let events = store.read(ReadStream::new(stream("s")));
    assert!(events.iter().map(|event| event.version.get()).eq(600..2_100));
    let tail = store.read(ReadStream::new(stream("s")).backward());
    assert_eq!(tail.len(), 1_500);
}
