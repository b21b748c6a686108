//! How errors are told.

use crate::harness::Annals;

#[test]
fn an_error_is_three_lines_or_one_object() {
    let annals = Annals::with_events();
    let args = ["append", "account-1", "t", "--expect", "0"];
    let text = annals.fails(4, &args);
    let starts: Vec<_> = text.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(starts, ["error", "  why", "  try"]);
    let object = annals.fails(4, &[&args[..], &["--json-errors"]].concat());
    let object: serde_json::Value = serde_json::from_str(&object).unwrap();
    assert_eq!(object["code"], "wrong_expected_version");
    assert_eq!(object["exit_code"], 4);
    assert_eq!(object["details"]["stream"], "account-1");
    assert_eq!(object["details"]["actual"], 2);
}

#[test]
fn usage_errors_are_objects_too() {
    let annals = Annals::new();
    let object = annals.fails(2, &["read", "--unknown", "--json-errors"]);
    let object: serde_json::Value = serde_json::from_str(&object).unwrap();
    assert_eq!(object["code"], "usage");
    assert!(object["why"].as_str().unwrap().contains("--unknown"));
    assert!(annals.fails(2, &["raed"]).contains("read"), "a near miss is named");
}

#[test]
fn errors_do_not_go_to_stdout() {
    let annals = Annals::new();
    let done = annals.run(&["read"]).must(3);
    assert_eq!(done.stdout, "");
}

#[test]
fn stores_that_cannot_be_opened_are_told_from_nonsense() {
    let annals = Annals::new();
    let text = annals.fails(2, &["info", "--at", "nats://127.0.0.1:1/store"]);
    assert!(text.contains("?dir=FOLDER"), "{text}");
    for url in [
        "http://h",
        "file:",
        "memory:x",
        "annals:h",
        "annals://h?nonsense=1",
        "esdb://h?a=1",
        "nats://a",
        "nats+tls://a/b?a=1",
        "",
    ] {
        annals.fails(2, &["info", "--at", url]);
    }
}
