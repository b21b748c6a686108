//! Limits on the number of streams, conditions and terms in one request.

use annals_core::{Append, ErrorKind, ExpectedVersion::Any, Query, QueryItem, ReadAll, limits};

use crate::{
    Store,
    case::cases,
    words::{event, event_type, stream, types},
};

cases! { "limits_wide", needs [MultiStream, Conditions]:
    as_many_streams_as_the_limit_are_written,
    more_streams_than_the_limit_are_refused,
    as_many_conditions_as_the_limit_are_checked,
    more_conditions_than_the_limit_are_refused,
    a_query_at_its_limits_is_answered,
}

fn to_streams(count: usize) -> Append {
    let to = |append: Append, number| append.and(stream(&format!("s-{number}")), Any, [event("a")]);
    (0..count).fold(Append::default(), to)
}

#[track_caller]
fn refuse_too_large(store: &Store, append: Append, limit: usize) {
    let error = store.refuse(append, ErrorKind::TooLarge);
    let message = error.to_string();
    assert!(message.contains(&limit.to_string()), "the message names the limit: {message}");
    store.write("usable", ["a"]);
}

fn as_many_streams_as_the_limit_are_written(store: &Store) {
    store.append(to_streams(limits::APPEND_STREAMS_MAX));
    let last = limits::APPEND_STREAMS_MAX - 1;
    store.check_stream(&format!("s-{last}"), &format!("s-{last}:a@0"));
}

fn more_streams_than_the_limit_are_refused(store: &Store) {
    let append = to_streams(limits::APPEND_STREAMS_MAX + 1);
    refuse_too_large(store, append, limits::APPEND_STREAMS_MAX);
}

fn with_conditions(count: usize) -> Append {
    let append = Append::to(stream("s"), Any, [event("a")]);
    (0..count).fold(append, |append, number| append.unless(types([&*format!("t{number}")]), None))
}

fn as_many_conditions_as_the_limit_are_checked(store: &Store) {
    store.append(with_conditions(limits::APPEND_CONDITIONS_MAX));
    let last = limits::APPEND_CONDITIONS_MAX - 1;
    store.write("s", [format!("t{last}").as_str()]);
    let append = with_conditions(limits::APPEND_CONDITIONS_MAX);
    let error = store.refuse(append, ErrorKind::ConditionFailed);
    let facts = error.condition_failed().expect("a failed condition carries its facts");
    assert_eq!(facts.condition, last);
}

fn more_conditions_than_the_limit_are_refused(store: &Store) {
    let append = with_conditions(limits::APPEND_CONDITIONS_MAX + 1);
    refuse_too_large(store, append, limits::APPEND_CONDITIONS_MAX);
}

fn a_query_at_its_limits_is_answered(store: &Store) {
    store.write("s", ["wanted", "other"]);
    let unused = |item: usize| {
        let names =
            (1..limits::QUERY_ITEM_TERMS_MAX).map(move |n| event_type(&format!("{item}:{n}")));
        QueryItem::types(names)
    };
    let mut items: Vec<_> = (0..limits::QUERY_ITEMS_MAX).map(unused).collect();
    if let Some(last) = items.last_mut() {
        last.types.push(event_type("wanted"));
    }
    let query = Query::any_of(items).expect("the query is within its limits");
    store.check(ReadAll::new(query.clone()), "s:wanted@0");
    let append = Append::to(stream("s"), Any, [event("a")]).unless(query, None);
    store.refuse(append, ErrorKind::ConditionFailed);
}
