//! Queries over the whole store that need no tags.

use annals_core::{
    ExpectedVersion::Any, Query, QueryItem, ReadAll, StreamMetadata, StreamSelector,
};

use crate::{
    Store,
    case::cases,
    words::{any_of, category, correlated, event_type, many, of_types, stream, types},
};

cases! { "queries", needs []:
    events_of_any_of_the_types_match,
    types_are_compared_byte_by_byte,
    events_of_a_category_match,
    a_category_ends_at_the_first_dash,
    events_of_any_of_the_streams_or_categories_match,
    events_of_a_correlation_id_match,
    type_and_category_must_both_match,
    events_of_any_of_the_items_match_once,
    an_item_that_asks_for_nothing_matches_everything,
    what_nothing_matches_is_empty,
    a_limit_counts_matching_events,
    the_newest_matching_event_is_one_read_away,
    a_query_begins_and_ends_at_positions,
    a_rare_event_is_found_among_many,
    a_query_with_many_terms_works,
    events_of_deleted_streams_still_match,
    settings_are_events_of_their_own_type_and_stream,
}

fn accounts(store: &Store) {
    store.write("account-1", ["opened"]);
    store.write("account-2", ["opened"]);
    store.write("order-1", ["placed"]);
    store.write("account-1", ["closed"]);
    store.write("order-1", ["opened"]);
}

#[track_caller]
fn check(store: &Store, query: Query, expected: &str) {
    let mut backward: Vec<_> = expected.split(' ').collect();
    backward.reverse();
    store.check(ReadAll::new(query.clone()), expected);
    store.check(ReadAll::new(query).backward(), &backward.join(" "));
}

fn in_category(name: &str) -> QueryItem {
    QueryItem::category(category(name))
}

fn events_of_any_of_the_types_match(store: &Store) {
    accounts(store);
    check(store, types(["opened"]), "account-1:opened@0 account-2:opened@0 order-1:opened@1");
    check(store, types(["placed", "closed"]), "order-1:placed@0 account-1:closed@1");
    check(store, types(["placed", "placed"]), "order-1:placed@0");
}

fn types_are_compared_byte_by_byte(store: &Store) {
    store.write("s", ["opened", "Opened", "opened ", "caf\u{e9}", "cafe\u{301}"]);
    check(store, types(["opened"]), "s:opened@0");
    check(store, types(["cafe\u{301}"]), "s:cafe\u{301}@4");
}

fn events_of_a_category_match(store: &Store) {
    accounts(store);
    check(store, any_of([in_category("order")]), "order-1:placed@0 order-1:opened@1");
    check(
        store,
        any_of([in_category("account")]),
        "account-1:opened@0 account-2:opened@0 account-1:closed@1",
    );
}

fn a_category_ends_at_the_first_dash(store: &Store) {
    for name in ["account", "account-1", "account-1-2", "accounts-1", "-account", "Account-1"] {
        store.write(name, ["a"]);
    }
    check(store, any_of([in_category("account")]), "account-1:a@0 account-1-2:a@0");
}

fn events_of_any_of_the_streams_or_categories_match(store: &Store) {
    accounts(store);
    let streams = vec![
        StreamSelector::Stream(stream("account-2")),
        StreamSelector::Category(category("order")),
        StreamSelector::Stream(stream("missing")),
    ];
    let query = any_of([QueryItem { streams, ..QueryItem::default() }]);
    check(store, query, "account-2:opened@0 order-1:placed@0 order-1:opened@1");
}

fn events_of_a_correlation_id_match(store: &Store) {
    store.append_to("s", Any, [correlated("a", "1"), correlated("b", "2"), correlated("c", "1")]);
    let of = |id: &'static str| QueryItem { correlation: Some(id.into()), ..QueryItem::default() };
    check(store, any_of([of("1")]), "s:a@0 s:c@2");
    check(store, any_of([QueryItem { types: vec![event_type("c")], ..of("1") }]), "s:c@2");
    check(store, any_of([of("2"), of("1")]), "s:a@0 s:b@1 s:c@2");
    store.check(ReadAll::new(any_of([of("3")])), "");
}

fn type_and_category_must_both_match(store: &Store) {
    accounts(store);
    let item = QueryItem { types: vec![event_type("opened")], ..in_category("account") };
    check(store, any_of([item]), "account-1:opened@0 account-2:opened@0");
}

fn events_of_any_of_the_items_match_once(store: &Store) {
    accounts(store);
    let query = any_of([of_types(["opened"]), in_category("account"), of_types(["opened"])]);
    check(
        store,
        query,
        "account-1:opened@0 account-2:opened@0 account-1:closed@1 order-1:opened@1",
    );
}

fn an_item_that_asks_for_nothing_matches_everything(store: &Store) {
    accounts(store);
    let everything = "account-1:opened@0 account-2:opened@0 order-1:placed@0 account-1:closed@1 order-1:opened@1";
    check(store, any_of([QueryItem::default()]), everything);
    check(store, any_of([of_types(["placed"]), QueryItem::default()]), everything);
    check(store, any_of([]), everything);
}

fn what_nothing_matches_is_empty(store: &Store) {
    accounts(store);
    for query in [types(["shipped"]), any_of([in_category("invoice")])] {
        store.check(ReadAll::new(query.clone()), "");
        store.check(ReadAll::new(query).backward().limit(1), "");
    }
}

fn a_limit_counts_matching_events(store: &Store) {
    accounts(store);
    let read = ReadAll::new(any_of([of_types(["opened"]), of_types(["placed"])]));
    store.check(read.clone().limit(3), "account-1:opened@0 account-2:opened@0 order-1:placed@0");
    store.check(read.backward().limit(2), "order-1:opened@1 order-1:placed@0");
}

fn the_newest_matching_event_is_one_read_away(store: &Store) {
    accounts(store);
    store.write("noise", ["noise"]);
    store.check(ReadAll::new(types(["opened"])).backward().limit(1), "order-1:opened@1");
}

fn a_query_begins_and_ends_at_positions(store: &Store) {
    accounts(store);
    let positions: Vec<_> =
        store.read(ReadAll::new(Query::all())).iter().map(|event| event.position).collect();
    let [_, second, third, fourth, fifth] = positions.as_slice() else { panic!("five events") };
    let opened = ReadAll::new(types(["opened"]));
    store.check(opened.clone().from(*second), "account-2:opened@0 order-1:opened@1");
    store.check(opened.clone().from(*third), "order-1:opened@1");
    store
        .check(ReadAll { to: Some(*fourth), ..opened.clone().from(*second) }, "account-2:opened@0");
    store.check(opened.clone().backward().from(*fourth), "account-2:opened@0 account-1:opened@0");
    store.check(
        ReadAll { to: Some(*second), ..opened.backward().from(*fifth) },
        "order-1:opened@1 account-2:opened@0",
    );
}

fn a_rare_event_is_found_among_many(store: &Store) {
    store.append_to("s", Any, many(1_500, "common"));
    store.write("s", ["rare"]);
    store.append_to("s", Any, many(1_500, "common"));
    store.write("s", ["rare"]);
    check(store, types(["rare"]), "s:rare@1500 s:rare@3001");
    store.check(ReadAll::new(types(["rare", "missing"])).limit(1), "s:rare@1500");
    let common = store.read(ReadAll::new(types(["common"])));
    assert_eq!(common.len(), 3_000);
}

fn a_query_with_many_terms_works(store: &Store) {
    accounts(store);
    let names = (0..500).map(|number| event_type(&format!("type-{number}")));
    let item = QueryItem::types(names.chain([event_type("placed")]));
    check(store, any_of([item]), "order-1:placed@0");
    let items = (0..100).map(|number| QueryItem::category(category(&format!("order{number}"))));
    let query = Query::any_of(items.chain([in_category("order")])).expect("the query is good");
    check(store, query, "order-1:placed@0 order-1:opened@1");
}

fn events_of_deleted_streams_still_match(store: &Store) {
    accounts(store);
    store.delete("account-2");
    store.tombstone("order-1");
    check(store, types(["opened"]), "account-1:opened@0 account-2:opened@0 order-1:opened@1");
}

fn settings_are_events_of_their_own_type_and_stream(store: &Store) {
    store.write("account-1", ["opened"]);
    store.settings("account-1", &StreamMetadata::default());
    check(store, types(["$metadata"]), "$$account-1:$metadata@0");
    check(store, any_of([in_category("account")]), "account-1:opened@0");
    check(store, any_of([in_category("$$account")]), "$$account-1:$metadata@0");
}
