//! Rules that are wrong, fail or panic, and data that they were not made for.

use annals::{ErrorKind, Upcasters};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{event, note, stored, today};

/// The rules are refused, in these words.
#[track_caller]
fn refused(upcasters: &Upcasters, words: &[&str]) {
    let error = upcasters.check().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    for word in words {
        assert!(error.to_string().contains(word), "`{word}` is not in `{error}`");
    }
    let record = stored("a", 1, &json!([]));
    let used = upcasters.upcast(&[], &record).unwrap_err();
    assert_eq!(used.to_string(), error.to_string(), "unchecked use does not run for ever");
}

/// Applying the rules fails in these words, which are all that is said of the data.
#[track_caller]
fn fails(upcasters: &Upcasters, data: &Value, words: &[&str]) {
    let error = upcasters.upcast(&[], &stored("a", 1, data)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecodable);
    let all = format!("{error} {error:?}");
    assert!(!all.contains("secret"), "the payload is in the error: {all}");
    for word in words.iter().chain(&["`a`", "version 1", "account-1"]) {
        assert!(all.contains(word), "`{word}` is not in `{all}`");
    }
}

#[test]
fn circles_are_refused_and_their_rules_named() {
    let renames = Upcasters::new().rename("x", "a").rename("a", "b").rename("b", "a");
    refused(&renames, &["circle", "rename of `a` to `b`", "rename of `b` to `a`"]);
    assert!(!renames.check().unwrap_err().to_string().contains("`x`"), "x only leads there");
    refused(&Upcasters::new().rename("a", "a"), &["circle", "rename of `a` to `a`"]);
    let through_versions = Upcasters::new()
        .lift("a", 1, note("up"))
        .rename_version("a", 2, "b", 7)
        .split("b", 7, [("c", 1), ("a", 1)], |_, _| Ok(Vec::new()));
    refused(&through_versions, &["lift of `a` version 1", "`b` version 7", "split of `b`"]);
    let of_any_version = Upcasters::new().rename("a", "b").rename_version("b", 4, "a", 4);
    refused(&of_any_version, &["circle"]);
}

#[test]
fn a_rename_back_in_a_higher_version_is_no_circle() {
    let upcasters = Upcasters::new().rename_version("a", 1, "b", 1).rename_version("b", 1, "a", 2);
    let record = stored("a", 1, &json!({}));
    assert_eq!(today(&upcasters, &record), [event("a", 2, json!({}))]);
}

#[test]
fn two_rules_for_the_same_events_are_refused() {
    let lifts = Upcasters::new().lift("a", 1, note("one")).lift("a", 1, note("other"));
    refused(&lifts, &["two rules", "lift of `a` version 1"]);
    refused(&Upcasters::new().rename("a", "b").drop("a"), &["rename of `a`", "drop of `a`"]);
}

#[test]
fn names_and_versions_that_cannot_be_are_refused() {
    refused(&Upcasters::new().rename("a", ""), &["empty"]);
    refused(&Upcasters::new().drop("a\n"), &["control character"]);
    refused(&Upcasters::new().lift("a", 0, note("never")), &["version 0", "`a`"]);
    refused(&Upcasters::new().rename_version("a", 1, "b", 0), &["version 0"]);
    refused(&Upcasters::new().split("a", 1, [("b", 0)], |_, _| Ok(Vec::new())), &["version 0"]);
    refused(&Upcasters::new().lift("a", u32::MAX, note("end")), &["no schema version", "after"]);
    let twice = [("b", 1), ("b", 2)];
    refused(&Upcasters::new().split("a", 1, twice, |_, _| Ok(Vec::new())), &["`b` twice"]);
    refused(&Upcasters::new().revision(2), &["before any rule"]);
}

#[test]
fn a_rule_for_a_version_that_never_existed_does_nothing() {
    let upcasters = Upcasters::new().lift("a", 9, note("never")).drop("b");
    upcasters.check().unwrap();
    let record = stored("a", 1, &json!([]));
    assert_eq!(today(&upcasters, &record), [event("a", 1, json!([]))]);
}

#[test]
fn a_rule_that_fails_says_which_it_is_and_nothing_of_the_data() {
    let secret = json!({"pin": "secret-7"});
    let by_hand = Upcasters::new().lift("a", 1, |_, _| Err("no rate for that day".into()));
    fails(&by_hand, &secret, &["lift of `a` version 1", "no rate for that day"]);
    let by_serde = Upcasters::new().lift("a", 1, |_, json| {
        let pin: u64 = serde_json::from_value(json["pin"].clone())?;
        Ok(json!(pin))
    });
    fails(&by_serde, &secret, &["failed"]);
    let by_panic = Upcasters::new().lift("a", 1, |_, json| {
        let pin: u64 = serde_json::from_value(json["pin"].clone()).unwrap();
        Ok(json!(pin))
    });
    fails(&by_panic, &secret, &["lift of `a` version 1", "panicked"]);
}

#[derive(Serialize, Deserialize)]
struct Pin {
    pin: u64,
}

#[test]
fn a_typed_rule_that_does_not_fit_says_what_is_missing() {
    let typed = Upcasters::new().typed("a", 1, |pin: Pin, _| pin);
    fails(&typed, &json!({"pin": "secret"}), &["typed lift", "not a `Pin`"]);
    fails(&typed, &json!({"other": "secret"}), &["missing field `pin`"]);
    let mut record = stored("a", 1, &json!({}));
    record.data = "{\"pin\": 1".into();
    assert_eq!(typed.upcast(&[], &record).unwrap_err().kind(), ErrorKind::Undecodable);
    let panics = Upcasters::new().typed("a", 1, |_: Value, _| -> Value { panic!("secret") });
    fails(&panics, &json!({}), &["panicked"]);
}

#[test]
fn a_split_into_what_it_does_not_declare_fails() {
    let split = Upcasters::new().split("a", 1, [("b", 1)], |_, json| Ok(vec![("c", json)]));
    fails(&split, &json!("secret"), &["type `c`", "declares"]);
}

#[test]
fn a_split_of_splits_is_stopped_before_it_fills_the_memory() {
    let mut upcasters = Upcasters::new();
    for version in 1..=40 {
        upcasters = upcasters.split("a", version, [("a", version + 1)], |_, json| {
            Ok(vec![("a", json.clone()), ("a", json)])
        });
    }
    fails(&upcasters, &json!({}), &["more than 65536 parts"]);
}

#[test]
fn a_thousand_renames_lead_to_the_last() {
    let mut upcasters = Upcasters::new().lift("t1000", 1, note("lifted"));
    for at in 0..1_000 {
        upcasters = upcasters.rename(&format!("t{at}"), &format!("t{}", at + 1));
    }
    let record = stored("t0", 1, &json!([]));
    assert_eq!(today(&upcasters, &record), [event("t1000", 2, json!(["lifted"]))]);
    let circle = upcasters.rename("t1000", "t0");
    assert!(circle.check().unwrap_err().to_string().contains("`t999`"));
}

#[test]
fn a_split_of_a_renamed_type_is_met_under_the_old_name() {
    let upcasters = Upcasters::new().rename("Moved", "bank.moved").split(
        "bank.moved",
        1,
        [("bank.withdrawn", 1)],
        |_, json| Ok(vec![("bank.withdrawn", json.clone()), ("bank.withdrawn", json)]),
    );
    let events = today(&upcasters, &stored("Moved", 1, &json!(1)));
    assert_eq!(
        events,
        [event("bank.withdrawn", 1, json!(1)), event("bank.withdrawn", 1, json!(1))]
    );
}
