//! `annals copy` as typed: what it says, what it refuses, and how it goes on.

use crate::harness::Annals;

const COPY: [&str; 5] = ["copy", "--from", "annals-data", "--to", "copy"];

fn exported(annals: &Annals, at: &str) -> String {
    annals.ok(&["export", "--at", at, "-q"])
}

#[test]
fn a_copy_is_the_same_to_the_byte_and_the_microsecond() {
    let annals = Annals::with_events();
    annals.ok(&["stream", "delete", "account-2", "--yes"]);
    annals.ok(&["stream", "tombstone", "account-9", "--yes"]);
    let told = annals.json(&COPY);
    assert_eq!(told["events"], 6);
    assert_eq!(told["copied"], 6);
    assert_eq!(told["digest"].as_str().unwrap().len(), 32);
    assert_eq!(exported(&annals, "copy"), exported(&annals, "annals-data"));
    annals.ok(&["verify", "--at", "copy"]);
    annals.fails(3, &["read", "account-2", "--at", "copy"]);
    annals.ok(&["append", "account-1", "closed", "{}", "--at", "copy", "--expect", "2"]);
}

#[test]
fn a_copy_of_a_store_that_has_grown_is_taken_further() {
    let annals = Annals::with_events();
    annals.ok(&COPY);
    assert_eq!(annals.json(&COPY)["copied"], 0);
    annals.ok(&["append", "account-2", "closed", "{}"]);
    let told = annals.json(&COPY);
    assert_eq!((&told["copied"], &told["already_there"]), (&1.into(), &4.into()));
    assert_eq!(exported(&annals, "copy"), exported(&annals, "annals-data"));
}

#[test]
fn a_copy_that_is_not_compared_has_no_digest() {
    let annals = Annals::with_events();
    let told = annals.json(&[&COPY[..], &["--no-verify", "--snapshots"]].concat());
    assert_eq!(told["digest"], serde_json::Value::Null);
    assert_eq!(exported(&annals, "copy"), exported(&annals, "annals-data"));
}

#[test]
fn an_empty_store_is_copied_too() {
    let annals = Annals::with_events();
    let told = annals.json(&["copy", "--from", "memory:", "--to", "copy"]);
    assert_eq!((&told["events"], &told["head"]), (&0.into(), &serde_json::Value::Null));
}

#[test]
fn a_target_that_is_no_beginning_of_the_source_is_refused_and_stays_as_it_was() {
    let annals = Annals::with_events();
    annals.ok(&["append", "other-1", "opened", "{}", "--at", "copy"]);
    let before = exported(&annals, "copy");
    let why = annals.fails(4, &COPY);
    assert!(why.contains("events 0 to 0 are others"), "{why}");
    assert!(why.contains("copy into an empty store"), "{why}");
    assert_eq!(exported(&annals, "copy"), before);

    annals.ok(&["copy", "--from", "annals-data", "--to", "longer"]);
    annals.ok(&["append", "account-1", "closed", "{}", "--at", "longer"]);
    let why = annals.fails(4, &["copy", "--from", "annals-data", "--to", "longer"]);
    assert!(why.contains("it holds 5 events, the source 4"), "{why}");
}

#[test]
fn stores_that_cannot_be_copied_are_told_apart() {
    let annals = Annals::with_events();
    annals.fails(2, &["copy", "--from", "annals-data"]);
    annals.fails(2, &["copy", "--from", "annals-data", "--to", "annals-data"]);
    annals.fails(3, &["copy", "--from", "nowhere", "--to", "copy"]);
    assert!(!annals.path("copy").exists());
}
