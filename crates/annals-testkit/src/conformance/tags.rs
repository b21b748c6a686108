//! Tags on events and queries by them.

use annals_core::{Append, ExpectedVersion::Any, NewEvent, Query, QueryItem, ReadAll, Tags};

use crate::{
    Store,
    case::cases,
    words::{any_of, category, event, event_type, stream, tag, tagged, tags, with_tags},
};

cases! { "tags", needs [Conditions]:
    tags_come_back_in_the_order_given_without_repeats,
    events_must_have_all_of_the_tags,
    tags_are_compared_byte_by_byte,
    tags_type_and_category_must_all_match,
    events_of_any_of_the_items_match_once,
    a_repeated_tag_in_a_query_changes_nothing,
    tags_reach_across_streams_in_order,
    the_rarest_tag_decides,
    an_event_may_have_as_many_tags_as_the_limit,
    a_tag_is_found_among_many,
}

#[track_caller]
fn check(store: &Store, query: Query, expected: &str) {
    let mut backward: Vec<_> = expected.split(' ').collect();
    backward.reverse();
    store.check(ReadAll::new(query.clone()), expected);
    store.check(ReadAll::new(query).backward(), &backward.join(" "));
}

fn tags_come_back_in_the_order_given_without_repeats(store: &Store) {
    store.append_to("s", Any, [tagged("a", ["z:1", "a:1", "z:1", "m:1"]), event("b")]);
    let events = store.read(ReadAll::new(Query::all()));
    let of_each: Vec<_> = events.iter().map(|event| event.tags.as_slice().to_vec()).collect();
    assert_eq!(of_each, [vec![tag("z:1"), tag("a:1"), tag("m:1")], vec![]]);
}

fn events_must_have_all_of_the_tags(store: &Store) {
    store.append_to(
        "s",
        Any,
        [tagged("a", ["x", "y"]), tagged("b", ["x"]), tagged("c", ["y", "w", "x"]), event("d")],
    );
    check(store, tags(["x"]), "s:a@0 s:b@1 s:c@2");
    check(store, tags(["y", "x"]), "s:a@0 s:c@2");
    store.check(ReadAll::new(tags(["x", "v"])), "");
}

fn tags_are_compared_byte_by_byte(store: &Store) {
    let names = ["caf\u{e9}", "cafe\u{301}", "Caf\u{e9}", "x:1", "x:10", "x:1 "];
    for name in names {
        store.append_to("s", Any, [tagged("a", [name])]);
    }
    for (number, name) in names.iter().enumerate() {
        check(store, tags([*name]), &format!("s:a@{number}"));
    }
}

fn tags_type_and_category_must_all_match(store: &Store) {
    store.append_to("a-1", Any, [tagged("opened", ["x"]), tagged("closed", ["x"])]);
    store.append_to("b-1", Any, [tagged("opened", ["x"]), tagged("opened", ["y"])]);
    let item = QueryItem {
        types: vec![event_type("opened")],
        ..QueryItem { tags: vec![tag("x")], ..QueryItem::category(category("b")) }
    };
    check(store, any_of([item]), "b-1:opened@0");
}

fn events_of_any_of_the_items_match_once(store: &Store) {
    store.append_to("s", Any, [tagged("a", ["x", "y"]), tagged("b", ["y"]), tagged("c", ["w"])]);
    check(store, any_of([with_tags(["x"]), with_tags(["y"])]), "s:a@0 s:b@1");
    check(store, any_of([with_tags(["w"]), with_tags(["x", "y"])]), "s:a@0 s:c@2");
}

fn a_repeated_tag_in_a_query_changes_nothing(store: &Store) {
    store.append_to("s", Any, [tagged("a", ["x"]), tagged("b", ["y"])]);
    check(store, tags(["x", "x"]), "s:a@0");
}

fn tags_reach_across_streams_in_order(store: &Store) {
    for (name, of_type) in [("t", "a"), ("s", "b"), ("u", "c"), ("s", "d")] {
        store.append_to(name, Any, [tagged(of_type, ["order:7"])]);
        store.append_to(name, Any, [event("noise")]);
    }
    check(store, tags(["order:7"]), "t:a@0 s:b@0 u:c@0 s:d@2");
}

fn the_rarest_tag_decides(store: &Store) {
    let common =
        |number: usize| tagged("a", ["all", if number % 500 == 499 { "some" } else { "most" }]);
    for piece in 0..2 {
        let events = (0..1_000).map(|number| common(piece * 1_000 + number));
        store.append(Append::to(stream("s"), Any, events));
    }
    check(store, tags(["all", "some"]), "s:a@499 s:a@999 s:a@1499 s:a@1999");
    store.check(ReadAll::new(tags(["some", "most"])), "");
    assert_eq!(store.read(ReadAll::new(tags(["most", "all"]))).len(), 1_996);
}

fn an_event_may_have_as_many_tags_as_the_limit(store: &Store) {
    let names = (0..annals_core::limits::TAGS_PER_EVENT_MAX).map(|n| tag(&format!("tag:{n}")));
    let all = Tags::new(names).expect("as many tags as allowed");
    store.append_to("s", Any, [event("a").with_tags(all.clone())]);
    check(store, tags(["tag:0"]), "s:a@0");
    check(store, any_of([QueryItem::tags(all.as_slice().to_vec())]), "s:a@0");
    let events: Vec<_> = store.read(ReadAll::new(Query::all()));
    assert_eq!(events.first().map(|event| event.tags.clone()), Some(all));
}

fn a_tag_is_found_among_many(store: &Store) {
    let numbered = |number: u32| -> NewEvent {
        event("a").with_tags(Tags::new([tag(&format!("order:{number}"))]).expect("one tag"))
    };
    for piece in 0..4 {
        store.append_to("s", Any, (piece * 500..(piece + 1) * 500).map(numbered));
    }
    for number in [0, 1, 499, 500, 1_234, 1_999] {
        let query = any_of([QueryItem::tags([tag(&format!("order:{number}"))])]);
        check(store, query, &format!("s:a@{number}"));
    }
}
