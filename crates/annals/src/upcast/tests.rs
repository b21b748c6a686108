//! Which stored types are asked for, and when a fingerprint changes.

use super::*;
use crate::Format;

fn schemas(names: &[&'static str]) -> Vec<EventSchema> {
    let schema =
        |name: &&'static str| EventSchema { name, version: 1, format: Format::Json, fields: &[] };
    names.iter().map(schema).collect()
}

#[track_caller]
fn stored_as(upcasters: &Upcasters, names: &[&'static str], expected: &[&str]) {
    upcasters.check().unwrap();
    let mut stored: Vec<String> =
        upcasters.stored_types(&schemas(names)).iter().map(ToString::to_string).collect();
    stored.sort();
    assert_eq!(stored, expected);
}

fn bank() -> Upcasters {
    let parts = [("withdrawn", 1), ("deposited", 2)];
    Upcasters::new()
        .rename("Transfer", "moved")
        .split("moved", 1, parts, |_, _| Ok(Vec::new()))
        .lift("deposited", 1, |_, json| Ok(json))
        .rename("credited", "deposited")
        .rename_version("opened", 1, "founded", 1)
        .drop("heartbeat")
}

#[test]
fn a_type_is_asked_for_under_every_name_it_may_be_stored_under() {
    stored_as(&bank(), &["withdrawn"], &["Transfer", "moved", "withdrawn"]);
    stored_as(&bank(), &["deposited"], &["Transfer", "credited", "deposited", "moved"]);
    stored_as(&bank(), &["founded"], &["founded", "opened"]);
    stored_as(&bank(), &["else", "withdrawn"], &["Transfer", "else", "moved", "withdrawn"]);
    stored_as(&Upcasters::new(), &["moved"], &["moved"]);
}

#[test]
fn a_type_that_is_always_something_else_today_is_not_asked_for() {
    stored_as(
        &bank(),
        &["credited", "heartbeat", "withdrawn"],
        &["Transfer", "moved", "withdrawn"],
    );
    // Its later versions, which no rule is for, are still what they are.
    stored_as(&bank(), &["opened"], &["opened"]);
    stored_as(&bank(), &["moved"], &["Transfer", "moved"]);
}

#[test]
fn the_answer_is_never_empty_because_that_would_ask_for_every_type() {
    stored_as(&bank(), &["heartbeat"], &["heartbeat"]);
}

#[test]
fn rules_that_contradict_each_other_hide_no_type() {
    let circle = Upcasters::new().rename("a", "b").rename("b", "a");
    assert_eq!(circle.stored_types(&schemas(&["a"])), names(&schemas(&["a"])));
}

#[test]
fn a_fingerprint_changes_with_the_rules_for_its_types_only() {
    let of = |upcasters: &Upcasters| upcasters.fingerprint(&schemas(&["deposited"]));
    assert_eq!(of(&Upcasters::new()), 0);
    assert_eq!(of(&Upcasters::new().drop("heartbeat")), 0);
    assert_eq!(of(&bank()), of(&bank()));
    assert_eq!(of(&bank().drop("other")), of(&bank()));
    let others = [
        bank().rename("Deposited", "deposited"),
        bank().drop("deposited"),
        bank().lift("moved", 2, |_, json| Ok(json)).rename_version("moved", 3, "deposited", 2),
        Upcasters::new().rename("credited", "deposited"),
        Upcasters::new().rename("credited", "deposited").revision(1),
        Upcasters::new().rename("booked", "deposited").rename("credited", "deposited"),
        Upcasters::new().rename("credited", "deposited").rename("booked", "deposited"),
    ];
    let mut seen = std::collections::HashSet::from([0, of(&bank())]);
    for other in &others {
        assert!(seen.insert(of(other)), "not told apart: {other:?}");
    }
}
