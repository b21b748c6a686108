//! `annals export`, and the way back with `annals import`.

use crate::harness::Annals;

/// A store with everything that an event and a stream can have.
fn rich() -> Annals {
    let annals = Annals::with_events();
    annals.write("binary", [0, 159, 146, 150, 10]);
    annals.ok(&["append", "odd", "binary", "@binary", "--content-type", "image/x"]);
    annals.ok(&["append", "odd", "empty", "", "--content-type", "text/plain"]);
    annals.ok(&["append", "odd", "spaces", " {\n\"a\" : 1.10 , \"a\":2 }\n"]);
    annals.ok(&["append", "odd", "digits", "{\"n\": 12345678901234567890.1234567890}"]);
    annals.ok(&[
        "append",
        "\u{fc}ml\u{e4}ut-1",
        "t\u{fc}p",
        "null",
        "--tag",
        "\u{1f600}",
        "--tag",
        "a,b",
        "--meta",
        "k=\u{2028}",
        "--correlation",
        "c",
        "--time",
        "1999-01-01T00:00:00.000001Z",
        "--schema-version",
        "7",
    ]);
    annals.ok(&["stream", "meta", "account-2", "--max-count", "3"]);
    annals.ok(&["stream", "delete", "account-1", "-y"]);
    annals.ok(&["append", "account-1", "back"]);
    annals.ok(&["append", "gone-1", "t"]);
    annals.ok(&["append", "gone-2", "t"]);
    annals.ok(&["stream", "delete", "gone-1", "-y"]);
    annals.ok(&["stream", "tombstone", "gone-2", "-y"]);
    annals
}

/// Lines without what is the new store's own, and otherwise byte for byte.
fn comparable(lines: &str) -> Vec<String> {
    lines
        .lines()
        .map(|line| {
            let line = without(line, "recorded_at");
            // A tombstone is written by the store, at its own time.
            if line.contains("\"$streamDeleted\"") { without(&line, "time") } else { line }
        })
        .collect()
}

fn without(line: &str, field: &str) -> String {
    let (before, after) = line.split_once(&format!("\"{field}\":\"")).unwrap();
    let (_, after) = after.split_once("\",").unwrap();
    format!("{before}{after}")
}

#[test]
fn an_import_of_an_export_gives_the_same_events() {
    let annals = rich();
    let before = annals.ok(&["export"]);
    for format in ["ndjson", "cloudevents"] {
        let text = annals.ok(&["export", "-o", format]);
        let at = format!("./copy-{format}");
        let done = annals.run_with(&["import", "-", "--at", &at], &text).must(0);
        assert!(!done.stderr.contains("another version"), "{}", done.stderr);
        let after = annals.ok(&["export", "--at", &at]);
        assert_eq!(comparable(&after), comparable(&before), "{format}");
        annals.run_with(&["import", "-", "--at", &at], &text).must(0);
        assert_eq!(annals.ok(&["export", "--at", &at]), after, "{format}: run again");
        annals.fails(3, &["read", "gone-1", "--at", &at]);
        annals.fails(3, &["append", "gone-2", "t", "--at", &at]);
        annals.ok(&["verify", "--at", &at]);
    }
}

#[test]
fn a_part_can_be_exported() {
    let annals = Annals::with_events();
    let count = |args: &[&str]| annals.ok(&[&["export"], args].concat()).lines().count();
    assert_eq!(count(&[]), 4);
    assert_eq!(count(&["account-1"]), 3);
    assert_eq!(count(&["--category", "account", "--type", "opened"]), 2);
    let text = annals.ok(&["export", "--type", "withdrawn"]);
    let done = annals.run_with(&["import", "-", "--at", "part"], text).must(0);
    assert!(done.stderr.contains("1 events have another version"), "{}", done.stderr);
    annals.fails(2, &["export", "-o", "table"]);
}
