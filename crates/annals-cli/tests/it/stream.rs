//! `annals stream`.

use crate::harness::Annals;

#[test]
fn streams_are_listed_in_the_order_of_their_first_events() {
    let annals = Annals::with_events();
    annals.ok(&["append", "card-1", "opened"]);
    annals.ok(&["stream", "meta", "card-1", "--max-count", "5"]);
    assert_eq!(
        annals.ok(&["stream", "ls"]),
        "account-1\t2\tlive\naccount-2\t0\tlive\ncard-1\t0\tlive\n"
    );
    assert_eq!(annals.ok(&["stream", "ls", "--category", "card", "-q"]), "card-1\n");
    assert_eq!(annals.json(&["stream", "ls", "--all"]).as_array().unwrap().len(), 4);
}

#[test]
fn settings_are_shown_changed_and_replaced() {
    let annals = Annals::with_events();
    let meta = |args: &[&str]| -> serde_json::Value {
        let args = [&["stream", "meta", "account-1"], args].concat();
        serde_json::from_str(&annals.ok(&args)).unwrap()
    };
    assert_eq!(meta(&[]), serde_json::json!({}));
    meta(&["--max-count", "2", "--set", "owner=ann"]);
    let changed = meta(&["--max-age", "60"]);
    assert_eq!(changed, serde_json::json!({"$maxCount": 2, "$maxAge": 60, "owner": "ann"}));
    assert_eq!(meta(&[]), changed);
    assert_eq!(annals.places(&["read", "account-1"]), ["account-1@1", "account-1@2"]);
    assert_eq!(meta(&["--max-count", "0"]), serde_json::json!({"$maxAge": 60, "owner": "ann"}));
    assert_eq!(meta(&["--replace", "{}"]), serde_json::json!({}));
    assert_eq!(annals.json(&["stream", "show", "account-1"])["metadata_version"], 3);
    annals.fails(2, &["stream", "meta", "account-1", "--set", "$maxAge=1"]);
    annals.fails(2, &["stream", "meta", "account-1", "--replace", "[]"]);
}

#[test]
fn taking_away_says_what_will_happen_and_asks() {
    let annals = Annals::with_events();
    for (args, what) in [
        (
            &["stream", "truncate", "account-1", "--before", "2"][..],
            "2 of 3 events (versions 0 to 2) of `account-1`",
        ),
        (
            &["stream", "delete", "account-1"],
            "3 events (versions 0 to 2) of `account-1` will no longer be read",
        ),
        (&["stream", "tombstone", "account-1"], "its name can never be used again"),
    ] {
        let asked = annals.run_with(args, "y\n").must(2);
        assert!(asked.stderr.contains(what), "{}", asked.stderr);
        assert!(asked.stderr.contains("nothing was changed"), "{}", asked.stderr);
        assert_eq!(annals.places(&["read", "account-1"]).len(), 3);
    }
}

#[test]
fn a_truncated_stream_begins_later() {
    let annals = Annals::with_events();
    annals.ok(&["stream", "truncate", "account-1", "--before", "2", "-y"]);
    assert_eq!(annals.places(&["read", "account-1"]), ["account-1@2"]);
    annals.ok(&["stream", "truncate", "account-1", "--before", "900", "-y"]);
    assert!(annals.places(&["read", "account-1"]).is_empty());
    annals.ok(&["append", "account-1", "again"]);
    assert_eq!(annals.places(&["read", "account-1"]), ["account-1@3"]);
}

#[test]
fn a_deleted_stream_comes_back_with_the_next_append() {
    let annals = Annals::with_events();
    annals.fails(4, &["stream", "delete", "account-1", "--expect", "0", "--yes"]);
    annals.ok(&["stream", "delete", "account-1", "--expect", "2", "--yes"]);
    annals.fails(3, &["read", "account-1"]);
    annals.fails(3, &["stream", "delete", "account-1", "--yes"]);
    assert_eq!(annals.json(&["stream", "show", "account-1"])["status"], "deleted");
    annals.ok(&["append", "account-1", "again", "--expect", "none"]);
    assert_eq!(annals.places(&["read", "account-1"]), ["account-1@3"]);
}

#[test]
fn a_tombstoned_stream_stays_closed() {
    let annals = Annals::with_events();
    annals.ok(&["stream", "tombstone", "account-1", "--yes"]);
    assert!(annals.fails(3, &["append", "account-1", "again"]).contains("is deleted"));
    annals.fails(3, &["read", "account-1"]);
    annals.fails(3, &["stream", "tombstone", "account-1", "--yes"]);
    assert_eq!(annals.json(&["stream", "show", "account-1"])["status"], "tombstoned");
    assert_eq!(annals.ok(&["stream", "ls"]), "account-2\t0\tlive\n");
    annals.fails(3, &["stream", "show", "account-9"]);
    annals.ok(&["stream", "meta", "account-2", "--max-count", "9"]);
    let told = annals.fails(2, &["stream", "delete", "$$account-2", "--yes"]);
    assert!(told.contains("delete that stream instead"), "{told}");
}
