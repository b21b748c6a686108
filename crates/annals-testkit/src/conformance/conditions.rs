//! Append conditions: "fail if an event matches this query after this position".

use annals_core::{
    Append, ErrorKind,
    ExpectedVersion::{Any, NoStream},
    Position, Query, QueryItem, StateKind, StreamSelector,
};

use crate::{
    Store,
    case::cases,
    words::{
        any_of, category, correlated, event, events, just_before, key, name, of_types, stream,
        tagged, tags, types, with_tags,
    },
};

cases! { "conditions", needs [Conditions]:
    an_append_fails_when_an_event_matches,
    an_append_passes_when_no_event_matches,
    a_condition_holds_in_an_empty_store,
    events_at_or_before_the_position_do_not_count,
    the_event_right_after_the_position_counts,
    without_a_position_the_whole_history_counts,
    a_position_beyond_the_head_is_accepted,
    the_failure_names_the_condition_and_a_matching_event,
    one_failed_condition_of_several_refuses_the_append,
    each_condition_has_its_own_position,
    an_append_is_not_checked_against_its_own_events,
    a_refused_append_can_be_made_again_after_reading,
    the_query_of_everything_means_nothing_new_at_all,
    an_event_of_any_of_the_types_counts,
    an_event_must_have_all_of_the_tags,
    type_and_tags_must_meet_in_one_event,
    any_item_of_a_query_is_enough,
    a_condition_may_ask_for_streams_and_categories,
    a_condition_may_ask_for_a_correlation_id,
    the_writer_of_one_boundary_does_not_disturb_another,
    conditions_and_expected_versions_must_both_hold,
    events_that_a_deleted_stream_hides_still_count,
    a_retry_succeeds_although_its_own_events_match,
    a_conditional_append_may_write_a_checkpoint_alone,
}

fn conditional(query: Query, after: Option<Position>) -> Append {
    Append::to(stream("s"), Any, [event("new")]).unless(query, after)
}

#[track_caller]
fn refuse(store: &Store, append: Append) {
    let error = store.refuse(append, ErrorKind::ConditionFailed);
    assert!(error.condition_failed().is_some(), "a failed condition carries its facts");
}

fn an_append_fails_when_an_event_matches(store: &Store) {
    store.append_to("a", Any, [tagged("opened", ["account:1"])]);
    refuse(store, conditional(tags(["account:1"]), None));
    refuse(store, conditional(types(["opened"]), None));
    store.check_all("a:opened@0");
}

fn an_append_passes_when_no_event_matches(store: &Store) {
    store.append_to("a", Any, [tagged("opened", ["account:1"])]);
    store.append(conditional(tags(["account:2"]), None));
    store.append(conditional(types(["closed"]), None));
    store.check_stream("s", "s:new@0 s:new@1");
}

fn a_condition_holds_in_an_empty_store(store: &Store) {
    store.append(conditional(Query::all(), None));
    store.check_stream("s", "s:new@0");
}

fn events_at_or_before_the_position_do_not_count(store: &Store) {
    let done = store.write("a", ["opened"]);
    store.write("b", ["noise"]);
    store.append(conditional(types(["opened"]), done.position));
    store.append(conditional(types(["opened"]), store.head()));
}

fn the_event_right_after_the_position_counts(store: &Store) {
    store.write("a", ["noise"]);
    let done = store.write("a", ["opened"]);
    let position = done.position.expect("an event was written");
    refuse(store, conditional(types(["opened"]), just_before(position)));
}

fn without_a_position_the_whole_history_counts(store: &Store) {
    store.write("a", ["opened"]);
    for _ in 0..50 {
        store.append_to("b", Any, events(["noise", "noise", "noise", "noise"]));
    }
    refuse(store, conditional(types(["opened"]), None));
}

fn a_position_beyond_the_head_is_accepted(store: &Store) {
    store.write("a", ["opened"]);
    for beyond in [1_000, u64::MAX - 1, u64::MAX] {
        store.append(conditional(types(["opened"]), Some(Position::new(beyond))));
    }
    store.check_stream("s", "s:new@0 s:new@1 s:new@2");
}

fn the_failure_names_the_condition_and_a_matching_event(store: &Store) {
    store.write("a", ["noise"]);
    let done = store.write("a", ["opened"]);
    store.write("a", ["noise"]);
    let append = conditional(types(["closed"]), None).unless(types(["opened"]), None);
    let error = store.refuse(append, ErrorKind::ConditionFailed);
    let facts = error.condition_failed().expect("a failed condition carries its facts");
    assert_eq!((facts.condition, Some(facts.position)), (1, done.position));
}

fn one_failed_condition_of_several_refuses_the_append(store: &Store) {
    store.write("a", ["opened"]);
    let append =
        conditional(types(["x"]), None).unless(types(["opened"]), None).unless(types(["y"]), None);
    refuse(store, append);
}

fn each_condition_has_its_own_position(store: &Store) {
    let opened = store.write("a", ["opened"]).position;
    let closed = store.write("a", ["closed"]).position;
    let append = |of_opened, of_closed| {
        conditional(types(["opened"]), of_opened).unless(types(["closed"]), of_closed)
    };
    refuse(store, append(opened, opened));
    refuse(store, append(None, closed));
    store.append(append(opened, closed));
}

fn an_append_is_not_checked_against_its_own_events(store: &Store) {
    let append = Append::to(stream("s"), NoStream, events(["opened", "opened"]));
    store.append(append.unless(types(["opened"]), None));
    store.check_stream("s", "s:opened@0 s:opened@1");
}

fn a_refused_append_can_be_made_again_after_reading(store: &Store) {
    store.write("a", ["opened"]);
    let append = conditional(types(["opened"]), None);
    refuse(store, append.clone());
    let seen = store.head();
    let append = Append { conditions: vec![], ..append }.unless(types(["opened"]), seen);
    assert!(!store.append(append).duplicate);
    store.check_stream("s", "s:new@0");
}

fn the_query_of_everything_means_nothing_new_at_all(store: &Store) {
    store.write("a", ["opened"]);
    let seen = store.head();
    store.append(conditional(Query::all(), seen));
    refuse(store, conditional(Query::all(), seen));
}

fn an_event_of_any_of_the_types_counts(store: &Store) {
    store.write("a", ["opened"]);
    refuse(store, conditional(types(["closed", "opened"]), None));
}

fn an_event_must_have_all_of_the_tags(store: &Store) {
    store.append_to("a", Any, [tagged("x", ["course:1"]), tagged("x", ["student:1"])]);
    store.append(conditional(tags(["course:1", "student:1"]), None));
    store.append_to("a", Any, [tagged("x", ["student:1", "course:1", "term:1"])]);
    refuse(store, conditional(tags(["course:1", "student:1"]), None));
}

fn type_and_tags_must_meet_in_one_event(store: &Store) {
    store.append_to("a", Any, [tagged("x", ["course:1"]), event("y")]);
    let item = QueryItem { types: of_types(["y"]).types, ..with_tags(["course:1"]) };
    store.append(conditional(any_of([item.clone()]), None));
    store.append_to("a", Any, [tagged("y", ["course:1"])]);
    refuse(store, conditional(any_of([item]), None));
}

fn any_item_of_a_query_is_enough(store: &Store) {
    store.append_to("a", Any, [tagged("x", ["course:1"])]);
    let query = any_of([of_types(["never"]), with_tags(["course:1"]), with_tags(["course:2"])]);
    refuse(store, conditional(query, None));
}

fn a_condition_may_ask_for_streams_and_categories(store: &Store) {
    store.write("account-1", ["opened"]);
    store.write("accounts", ["opened"]);
    let of = |selector| any_of([QueryItem { streams: vec![selector], ..QueryItem::default() }]);
    let account = StreamSelector::Category(category("account"));
    refuse(store, conditional(of(account), None));
    refuse(store, conditional(of(StreamSelector::Stream(stream("accounts"))), None));
    store.append(conditional(of(StreamSelector::Stream(stream("account-2"))), None));
    store.append(conditional(of(StreamSelector::Category(category("accounts"))), None));
}

fn a_condition_may_ask_for_a_correlation_id(store: &Store) {
    store.append_to("a", Any, [correlated("x", "order-7")]);
    let of = |id: &'static str| {
        any_of([QueryItem { correlation: Some(id.into()), ..QueryItem::default() }])
    };
    refuse(store, conditional(of("order-7"), None));
    store.append(conditional(of("order-8"), None));
}

fn the_writer_of_one_boundary_does_not_disturb_another(store: &Store) {
    store.append_to("a", Any, [tagged("x", ["account:1"]), tagged("x", ["account:2"])]);
    let seen = store.head();
    let to = |account: &'static str| {
        let append = Append::to(stream("a"), Any, [tagged("x", [account])]);
        append.unless(tags([account]), seen)
    };
    store.append(to("account:1"));
    store.append(to("account:2"));
    refuse(store, to("account:1"));
}

fn conditions_and_expected_versions_must_both_hold(store: &Store) {
    store.write("s", ["old"]);
    let append =
        |expected, query| Append::to(stream("s"), expected, [event("new")]).unless(query, None);
    store.refuse(append(NoStream, types(["x"])), ErrorKind::WrongExpectedVersion);
    refuse(store, append(Any, types(["old"])));
    store.append(append(crate::words::at(0), types(["x"])));
    store.check_stream("s", "s:old@0 s:new@1");
}

fn events_that_a_deleted_stream_hides_still_count(store: &Store) {
    store.append_to("a", Any, [tagged("claimed", ["name:ann"])]);
    store.delete("a");
    refuse(store, conditional(tags(["name:ann"]), None));
    store.tombstone("a");
    refuse(store, conditional(tags(["name:ann"]), None));
}

fn a_retry_succeeds_although_its_own_events_match(store: &Store) {
    for expected in [NoStream, Any] {
        let name = format!("{expected}");
        let claimed = [tagged("claimed", ["name:ann"])];
        let append = Append::to(stream(&name), expected, claimed);
        let append = append.unless(tags(["name:ann"]), store.head());
        let first = store.append(append.clone());
        let again = store.append(append);
        assert!(again.duplicate, "{expected}");
        assert_eq!(again.position, first.position, "{expected}");
    }
}

fn a_conditional_append_may_write_a_checkpoint_alone(store: &Store) {
    store.write("a", ["opened"]);
    let head = store.head();
    let position = head.expect("an event was written");
    let append = |query| Append::default().checkpoint(name("reader"), position).unless(query, None);
    refuse(store, append(types(["opened"])));
    assert_eq!(store.state(&key(StateKind::Checkpoint, "reader")), None);
    store.append(append(types(["closed"])));
    assert_eq!(store.checkpoint("reader"), head);
}
