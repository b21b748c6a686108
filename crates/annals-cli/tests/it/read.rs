//! `annals read`.

use crate::harness::Annals;

#[test]
fn a_stream_and_the_store_are_read_both_ways() {
    let annals = Annals::with_events();
    let places = |args: &[&str]| annals.places(args);
    assert_eq!(places(&["read", "account-1"]), ["account-1@0", "account-1@1", "account-1@2"]);
    assert_eq!(
        places(&["read", "account-1", "--backwards", "-n", "2"]),
        ["account-1@2", "account-1@1"]
    );
    let all = ["account-1@0", "account-1@1", "account-2@0", "account-1@2"];
    assert_eq!(places(&["read"]), all);
    assert_eq!(places(&["read", "$all"]), all);
    assert_eq!(places(&["read", "--backwards", "-n", "1"]), ["account-1@2"]);
}

#[test]
fn a_stretch_has_both_its_ends() {
    let annals = Annals::with_events();
    let places = |args: &[&str]| annals.places(args);
    assert_eq!(places(&["read", "account-1", "--from", "1"]), ["account-1@1", "account-1@2"]);
    assert_eq!(places(&["read", "account-1", "--from", "1", "--to", "1"]), ["account-1@1"]);
    assert_eq!(places(&["read", "--from", "1", "--to", "2"]), ["account-1@1", "account-2@0"]);
    assert_eq!(
        places(&["read", "--backwards", "--from", "2", "--to", "1"]),
        ["account-2@0", "account-1@1"]
    );
    assert!(places(&["read", "--from", "end"]).is_empty());
    assert!(places(&["read", "account-1", "--from", "end"]).is_empty());
    assert_eq!(places(&["read", "--backwards", "--to", "end"]), ["account-1@2"]);
}

#[test]
fn places_beyond_the_head_are_empty_and_no_error() {
    let annals = Annals::with_events();
    assert!(annals.places(&["read", "--from", "999"]).is_empty());
    assert!(annals.places(&["read", "account-1", "--from", "999"]).is_empty());
    assert_eq!(annals.places(&["read", "--to", "18446744073709551615"]).len(), 4);
}

#[test]
fn times_mean_when_the_store_recorded_an_event() {
    let annals = Annals::with_events();
    let events = annals.json(&["read"]);
    let third = format!("@{}", events[2]["recorded_at"].as_str().unwrap());
    assert_eq!(annals.places(&["read", "--from", &third]), ["account-2@0", "account-1@2"]);
    assert_eq!(annals.places(&["read", "account-1", "--from", &third]), ["account-1@2"]);
    assert_eq!(annals.places(&["read", "--to", &third]).len(), 3);
    assert!(annals.places(&["read", "--from", "@2999-01-01T00:00:00Z"]).is_empty());
    assert_eq!(annals.places(&["read", "--from", "@1999-01-01T00:00:00Z"]).len(), 4);
}

#[test]
fn events_are_filtered_by_type_tag_and_category() {
    let annals = Annals::with_events();
    annals.ok(&["append", "card-1", "opened", "--tag", "owner:ann", "--tag", "big"]);
    let places = |args: &[&str]| annals.places(args);
    assert_eq!(places(&["read", "--type", "deposited,withdrawn"]), ["account-1@1", "account-1@2"]);
    assert_eq!(places(&["read", "--tag", "owner:ann"]), ["account-1@0", "card-1@0"]);
    assert_eq!(places(&["read", "--tag", "owner:ann", "--tag", "big"]), ["card-1@0"]);
    assert_eq!(places(&["read", "--category", "card"]), ["card-1@0"]);
    assert_eq!(
        places(&["read", "--category", "account", "--type", "opened"]),
        ["account-1@0", "account-2@0"]
    );
    assert_eq!(places(&["read", "account-1", "--type", "withdrawn", "-n", "1"]), ["account-1@2"]);
    assert_eq!(places(&["read", "account-1", "--tag", "big", "--backwards"]), ["account-1@1"]);
    assert!(places(&["read", "--type", "unknown"]).is_empty());
}

#[test]
fn what_is_not_there_is_not_found() {
    let annals = Annals::with_events();
    assert!(annals.fails(3, &["read", "account-9"]).contains("`account-9` does not exist"));
    let missing = Annals::new();
    assert!(missing.fails(3, &["read"]).contains("there is no store in"));
    assert!(!missing.path("annals-data").exists(), "reading makes no store");
}
