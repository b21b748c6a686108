//! `annals append`.

use crate::harness::Annals;

#[test]
fn an_event_is_stored_and_told_where() {
    let annals = Annals::new();
    let told = annals.json(&["append", "account-1", "opened", r#"{"owner":"Ann"}"#]);
    assert_eq!(
        (&told["stream"], &told["version"], &told["position"]),
        (&"account-1".into(), &0.into(), &0.into())
    );
    assert_eq!(told["events"], 1);
    assert_eq!(told["duplicate"], false);
    assert_eq!(
        annals.ok(&["append", "account-1", "closed"]),
        "stream\taccount-1\nversion\t1\nposition\t1\n"
    );
}

#[test]
fn every_part_of_an_event_can_be_given() {
    let annals = Annals::new();
    let id = "6f1d9b8e-52c4-4c8f-9f37-0c5c3ad17e42";
    annals.ok(&[
        "append",
        "s",
        "t",
        "[1]",
        "--id",
        id,
        "--meta",
        "userId=ann",
        "--meta",
        "why=a=b",
        "--correlation",
        "c-1",
        "--causation",
        "c-0",
        "--tag",
        "x:1",
        "--tag",
        "y:2",
        "--time",
        "2026-01-02T03:04:05+01:00",
        "--schema-version",
        "3",
    ]);
    let events = annals.json(&["read"]);
    let event = &events[0];
    assert_eq!(event["id"], id);
    assert_eq!(event["time"], "2026-01-02T02:04:05.000000Z");
    assert_eq!(event["schema_version"], 3);
    assert_eq!(event["tags"], serde_json::json!(["x:1", "y:2"]));
    assert_eq!(event["data"], serde_json::json!([1]));
    assert_eq!(
        event["metadata"],
        serde_json::json!({
            "$correlationId": "c-1", "$causationId": "c-0", "userId": "ann", "why": "a=b",
        })
    );
}

#[test]
fn the_same_id_again_is_the_same_event_again() {
    let annals = Annals::new();
    let id = "6f1d9b8e-52c4-4c8f-9f37-0c5c3ad17e42";
    let args = ["append", "s", "t", "--id", id, "--expect", "none"];
    assert_eq!(annals.json(&args)["duplicate"], false);
    let again = annals.run(&args).must(0);
    assert!(again.stderr.contains("already stored"), "{}", again.stderr);
    assert_eq!(annals.json(&args)["duplicate"], true);
    assert_eq!(annals.json(&["info"])["events"], 1);
}

#[test]
fn expectations_are_kept_and_conflicts_told() {
    let annals = Annals::new();
    annals.fails(4, &["append", "s", "t", "--expect", "exists"]);
    annals.fails(4, &["append", "s", "t", "--expect", "0"]);
    annals.ok(&["append", "s", "t", "--expect", "none"]);
    annals.ok(&["append", "s", "t", "--expect", "0"]);
    annals.ok(&["append", "s", "t", "--expect", "exists"]);
    let conflict = annals.fails(4, &["append", "s", "t", "--expect", "0"]);
    assert_eq!(
        conflict,
        "error: nothing was appended\n  \
           why: stream `s`: expected version 0, but it is at version 2\n  \
           try: read the stream again, decide anew, and expect the version it has now\n"
    );
}

#[test]
fn data_comes_from_stdin_and_files_and_may_be_anything() {
    let annals = Annals::new();
    annals.run_with(&["append", "s", "stdin", "-"], "{\"a\": 1 }").must(0);
    annals.write("data.json", "{\n}\n");
    annals.ok(&["append", "s", "file", "@data.json"]);
    annals.write("data.bin", [0, 255]);
    annals.ok(&["append", "s", "binary", "@data.bin", "--content-type", "application/x-y"]);
    let lines = annals.ok(&["read", "s", "-o", "ndjson"]);
    let lines: Vec<_> = lines.lines().collect();
    assert!(lines[0].contains(r#""data":{"a": 1 }"#), "{}", lines[0]);
    assert!(lines[1].contains(r#""data_base64":"ewp9Cg==""#), "{}", lines[1]);
    assert!(lines[2].contains(r#""data_base64":"AP8=""#), "{}", lines[2]);
}

#[test]
fn a_batch_is_stored_whole_in_the_order_of_its_lines() {
    let annals = Annals::new();
    annals.write(
        "batch.ndjson",
        concat!(
            r#"{"stream":"a","type":"out","data":{"n":1},"tags":["t"]}"#,
            "\n",
            r#"{"stream":"b","type":"in"}"#,
            "\n\n",
            r#"{"stream":"a","type":"out"}"#,
            "\n",
        ),
    );
    let told = annals.json(&["append", "--batch", "batch.ndjson", "--expect", "none"]);
    assert_eq!(told[0]["version"], 1);
    assert_eq!(told[1]["stream"], "b");
    assert_eq!(annals.places(&["read"]), ["a@0", "b@0", "a@1"]);
    annals.fails(4, &["append", "--batch", "batch.ndjson", "--expect", "none"]);
    assert_eq!(annals.json(&["info"])["events"], 3);
    let stdin =
        annals.run_with(&["append", "c", "--batch", "-", "--expect", "none"], "{\"type\":\"t\"}");
    assert_eq!(stdin.must(0).stdout, "stream\tc\nversion\t0\nposition\t3\n");
}

#[test]
fn quiet_leaves_the_id() {
    let annals = Annals::new();
    let id = "6f1d9b8e-52c4-4c8f-9f37-0c5c3ad17e42";
    assert_eq!(annals.ok(&["append", "s", "t", "--id", id, "-q"]), format!("{id}\n"));
}
