//! `annals import`.

use crate::harness::Annals;

const MAPPING: [&str; 8] =
    ["--stream", "case-{id}", "--type", "{what}", "--time", "{at}", "--meta", "userId={who}"];
const CSV: &str = "id,what,at,who,n\n\
    1,opened,2026-01-02T03:04:05Z,ann,5\n\
    2,opened,2026-01-02T03:04:06Z,,6\n\
    1,closed,2026-01-02T03:04:07Z,bob,7\n";

fn import(annals: &Annals, more: &[&str]) -> crate::harness::Done {
    annals.run(&[&["import", "cases.csv"], &MAPPING[..], more].concat())
}

#[test]
fn rows_become_events() {
    let annals = Annals::new();
    annals.write("cases.csv", CSV);
    let done = import(&annals, &["-o", "json"]).must(0);
    let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (&told["events"], &told["already_done"], &told["skipped"]),
        (&3.into(), &0.into(), &0.into())
    );
    assert_eq!(annals.places(&["read"]), ["case-1@0", "case-2@0", "case-1@1"]);
    let events = annals.json(&["read"]);
    assert_eq!(events[0]["time"], "2026-01-02T03:04:05.000000Z");
    assert_ne!(events[0]["recorded_at"], events[0]["time"]);
    assert_eq!(events[0]["metadata"], serde_json::json!({"userId": "ann"}));
    assert_eq!(events[1].get("metadata"), None);
    assert_eq!(events[2]["data"], serde_json::json!({"n": "7"}));
}

#[test]
fn an_import_that_is_run_again_adds_nothing() {
    let annals = Annals::new();
    annals.write("cases.csv", CSV);
    import(&annals, &[]).must(0);
    let again = import(&annals, &[]).must(0);
    assert!(again.stderr.contains("went on after 3 rows done before"), "{}", again.stderr);
    assert_eq!(annals.json(&["info"])["events"], 3);
    annals.write("cases.csv", format!("{CSV}3,opened,2026-01-02T03:04:08Z,ann,8\n"));
    import(&annals, &[]).must(0);
    assert_eq!(annals.json(&["info"])["events"], 4);
}

#[test]
fn a_bad_line_is_told_and_the_corrected_file_goes_on() {
    let annals = Annals::new();
    annals.write("cases.csv", CSV.replace("2026-01-02T03:04:07Z", "noon"));
    let stopped = import(&annals, &[]).must(1);
    assert!(stopped.stderr.contains("stopped at line 4 after 2 events"), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("`noon` is not a time"), "{}", stopped.stderr);
    assert_eq!(annals.json(&["info"])["events"], 2, "everything before it is kept");
    annals.write("cases.csv", CSV);
    import(&annals, &[]).must(0);
    assert_eq!(annals.places(&["read"]), ["case-1@0", "case-2@0", "case-1@1"]);
}

#[test]
fn bad_lines_can_be_skipped_and_are_listed() {
    let annals = Annals::new();
    annals.write("cases.csv", CSV.replace("2026-01-02T03:04:06Z", "noon"));
    let done = import(&annals, &["--on-error", "skip", "-o", "json"]).must(8);
    assert!(done.stderr.contains("skipped line 3: `noon` is not a time"), "{}", done.stderr);
    let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&told["events"], &told["skipped"]), (&2.into(), &1.into()));
}

#[test]
fn files_and_stdin_are_imported_one_after_the_other() {
    let annals = Annals::new();
    annals.write("a.ndjson", "{\"stream\":\"a\",\"type\":\"t\"}\n");
    annals.write("b.ndjson", "{\"stream\":\"b\",\"type\":\"t\"}\n");
    let done = annals.run_with(
        &["import", "a.ndjson", "-", "b.ndjson", "-o", "json"],
        "{\"stream\":\"c\",\"type\":\"t\"}",
    );
    let told: serde_json::Value = serde_json::from_str(&done.must(0).stdout).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 3);
    assert_eq!(annals.places(&["read"]), ["a@0", "c@0", "b@0"]);
}

#[test]
fn inputs_that_begin_alike_are_told_apart_by_name() {
    let annals = Annals::new();
    annals.write(
        "a.ndjson",
        "{\"stream\":\"a\",\"type\":\"t\"}\n{\"stream\":\"a\",\"type\":\"u\"}\n",
    );
    annals.write(
        "b.ndjson",
        "{\"stream\":\"a\",\"type\":\"t\"}\n{\"stream\":\"a\",\"type\":\"v\"}\n",
    );
    annals.ok(&["import", "a.ndjson"]);
    let refused = annals.fails(4, &["import", "b.ndjson"]);
    assert!(refused.contains("--name"), "{refused}");
    annals.ok(&["import", "b.ndjson", "--name", "b"]);
    assert_eq!(annals.json(&["info"])["events"], 4);
}

#[test]
fn inputs_that_cannot_be_imported_are_refused() {
    let annals = Annals::new();
    annals.write("cases.csv", CSV);
    assert!(annals.fails(2, &["import", "cases.csv"]).contains("--stream"));
    assert!(
        annals
            .fails(2, &["import", "cases.csv", "--stream", "x-{no}", "--type", "t"])
            .contains("no column `no`")
    );
    annals.fails(2, &["import", "cases.csv", "--stream", "x-{", "--type", "t"]);
    annals.fails(2, &["import", "cases.csv", "--stream", "x"]);
    annals.fails(2, &["import"]);
    annals.fails(3, &["import", "missing.csv"]);
    annals.write("broken.gz", b"\x1f\x8b\x08\x00broken");
    annals.fails(2, &["import", "broken.gz"]);
    assert_eq!(annals.json(&["info"])["events"], 0);
}
