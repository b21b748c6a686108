//! What each kind of rule does to one record.

use annals::{ContentType, Upcasters};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{event, note, stored, today};

#[test]
fn an_event_without_a_rule_is_given_as_it_is() {
    let upcasters = Upcasters::new().drop("other");
    let mut record = stored("bank.opened", 1, &json!(null));
    record.data = "not { json".into();
    record.content_type = ContentType::Binary;
    let events = upcasters.upcast(&[], &record).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].data.as_ptr(), record.data.as_ptr(), "the data is shared, not copied");
}

#[test]
fn a_rename_keeps_the_data_and_the_schema_version() {
    let upcasters = Upcasters::new().rename("AccountOpened", "bank.opened");
    let mut record = stored("AccountOpened", 4, &json!({"owner": "Ann"}));
    assert_eq!(today(&upcasters, &record), [event("bank.opened", 4, json!({"owner": "Ann"}))]);
    record.content_type = ContentType::Binary;
    let events = upcasters.upcast(&[], &record).unwrap();
    assert_eq!(events[0].data.as_ptr(), record.data.as_ptr(), "bytes can be renamed too");
}

#[test]
fn a_rename_of_one_version_leaves_the_others_alone() {
    let upcasters = Upcasters::new().rename_version("opened", 1, "bank.opened", 3);
    let first = stored("opened", 1, &json!({}));
    assert_eq!(today(&upcasters, &first), [event("bank.opened", 3, json!({}))]);
    let second = stored("opened", 2, &json!({}));
    assert_eq!(today(&upcasters, &second), [event("opened", 2, json!({}))]);
}

#[test]
fn rules_follow_one_another_until_none_is_left() {
    let upcasters = Upcasters::new()
        .lift("bank.opened", 3, note("3 to 4"))
        .lift("bank.opened", 2, note("2 to 3"))
        .lift("opened", 1, note("1 to 2"))
        .rename("opened", "bank.opened");
    let check = |version, expected| {
        let record = stored("opened", version, &json!([]));
        assert_eq!(today(&upcasters, &record), [event("bank.opened", 4, expected)]);
    };
    check(1, json!(["1 to 2", "2 to 3", "3 to 4"]));
    check(2, json!(["2 to 3", "3 to 4"]));
    check(3, json!(["3 to 4"]));
    check(4, json!([]));
}

#[test]
fn a_lift_sees_the_record_as_it_was_stored() {
    let upcasters = Upcasters::new().rename("a", "b").lift("b", 1, |old, _| {
        Ok(json!([
            old.event_type(),
            old.schema_version(),
            old.stream().as_str(),
            old.version().get(),
            old.position().get(),
            old.time().as_micros(),
            old.recorded_at().as_micros(),
            old.metadata()["userId"],
            old.tags().as_slice().len(),
        ]))
    });
    let record = stored("a", 1, &json!({}));
    let seen = json!(["a", 1, "account-1", 3, 40, 7, 8, "ann", 0]);
    assert_eq!(today(&upcasters, &record), [event("b", 2, seen)]);
}

#[derive(Deserialize)]
struct DepositedV1 {
    amount: u128,
}

#[derive(Serialize)]
struct DepositedV2 {
    cents: u128,
}

#[test]
fn a_typed_rule_takes_one_struct_and_gives_another() {
    let upcasters = Upcasters::new()
        .typed("deposited", 1, |v1: DepositedV1, _| DepositedV2 { cents: v1.amount * 100 });
    let mut record = stored("deposited", 1, &json!({"amount": 5}));
    assert_eq!(today(&upcasters, &record), [event("deposited", 2, json!({"cents": 500}))]);
    // More than a JSON value can hold.
    record.data = format!(r#"{{"amount":{}}}"#, u128::MAX / 100).into();
    let events = upcasters.upcast(&[], &record).unwrap();
    let expected = format!(r#"{{"cents":{}}}"#, u128::MAX / 100 * 100);
    assert_eq!(events[0].data, expected);
}

#[test]
fn a_split_gives_its_parts_in_order_and_numbers_them() {
    let into = [("withdrawn", 2), ("deposited", 1), ("fee", 1)];
    let upcasters = Upcasters::new()
        .split("moved", 1, into, |_, json| {
            Ok(vec![("withdrawn", json.clone()), ("fee", json!([])), ("deposited", json)])
        })
        .lift("deposited", 1, note("lifted"))
        .drop("fee");
    let events = upcasters.upcast(&[], &stored("moved", 1, &json!([1]))).unwrap();
    let seen: Vec<_> = events.iter().map(|e| (e.part, super::shown(e))).collect();
    let expected = [
        (0, event("withdrawn", 2, json!([1]))),
        // The fee was part 1: a rule that drops it does not renumber the others.
        (2, event("deposited", 2, json!([1, "lifted"]))),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_dropped_event_and_a_split_into_nothing_give_nothing() {
    let nothing: [(&str, u32); 0] = [];
    let upcasters = Upcasters::new().drop("a").split("b", 1, nothing, |_, _| Ok(Vec::new()));
    assert_eq!(today(&upcasters, &stored("a", 9, &json!({}))), []);
    assert_eq!(today(&upcasters, &stored("b", 1, &json!({}))), []);
    assert_eq!(today(&upcasters, &stored("b", 2, &json!({}))), [event("b", 2, json!({}))]);
}
