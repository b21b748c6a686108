//! Formats, and where output goes.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::harness::Annals;

#[test]
fn every_format_has_its_shape() {
    let annals = Annals::with_events();
    let lines = |format: &str| annals.ok(&["read", "account-2", "-o", format]);
    assert!(lines("table").starts_with("POSITION  STREAM     VERSION  TYPE    TIME"));
    assert_eq!(
        lines("plain").split('\t').take(4).collect::<Vec<_>>(),
        ["2", "account-2", "0", "opened"]
    );
    assert!(lines("json").starts_with("[\n  {\"id\":"));
    assert!(lines("ndjson").starts_with("{\"id\":"));
    assert_eq!(lines("ndjson"), annals.ok(&["read", "account-2"]), "events in a pipe are NDJSON");
    assert!(lines("cloudevents").starts_with("{\"specversion\":\"1.0\",\"id\":"));
    assert_eq!(annals.ok(&["read", "--type", "none", "-o", "json"]), "[]\n");
    assert_eq!(annals.ok(&["read", "--type", "none", "-o", "table"]), "");
}

#[test]
fn the_fields_of_an_event_are_those_of_the_documentation() {
    let annals = Annals::with_events();
    annals.ok(&["append", "s", "t", "--meta", "a=b"]);
    let line = annals.ok(&["read", "s", "-o", "ndjson"]);
    let value: serde_json::Map<_, _> = serde_json::from_str(&line).unwrap();
    let mut names: Vec<_> = value.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "content_type",
            "data",
            "id",
            "metadata",
            "position",
            "recorded_at",
            "schema_version",
            "stream",
            "tags",
            "time",
            "type",
            "version",
        ]
    );
    let page = include_str!("../../../../docs/cli-output.md");
    for name in names {
        assert!(page.contains(&format!("| `{name}`")), "{name} is not documented");
    }
}

#[test]
fn info_has_what_scripts_need() {
    let annals = Annals::with_events();
    let info = annals.json(&["info"]);
    assert_eq!(
        (&info["events"], &info["streams"], &info["head"]),
        (&4.into(), &2.into(), &3.into())
    );
    assert!(info["bytes"].as_u64().unwrap() > 0);
    assert!(info["segments"].as_u64().unwrap() > 0);
    assert_eq!(info["backend"], "embedded");
    let memory = annals.json(&["info", "--at", "memory:"]);
    assert_eq!((&memory["events"], &memory["bytes"]), (&0.into(), &serde_json::Value::Null));
}

#[test]
fn text_in_the_store_does_not_command_the_terminal() {
    let annals = Annals::new();
    annals.ok(&["append", "s", "t", "\u{1b}[2J", "--content-type", "text/plain"]);
    for format in ["table", "plain"] {
        let shown = annals.ok(&["read", "-o", format]);
        assert!(shown.contains("\\u{1b}[2J") && !shown.contains('\u{1b}'), "{shown}");
    }
}

#[test]
fn color_is_for_terminals_or_forced_and_can_be_refused() {
    let annals = Annals::with_events();
    let colored = |variables: &[(&str, &str)], args: &[&str]| {
        let args = [&["read", "-o", "table"], args].concat();
        let output = annals.command().envs(variables.iter().copied()).args(args).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!colored(&[], &[]));
    assert!(colored(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1")], &["--no-color"]));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let annals = Annals::new();
    let rows: String = (0..20_000)
        .map(|n| format!("{{\"stream\":\"s\",\"type\":\"t\",\"data\":{n}}}\n"))
        .collect();
    annals.run_with(&["import", "-"], rows).must(0);
    for command in ["read", "export"] {
        let mut child = annals
            .command()
            .arg(command)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.ends_with("}\n"));
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}

#[test]
fn the_store_is_named_by_flag_or_variable() {
    let annals = Annals::new();
    annals.ok(&["append", "s", "t", "--at", "file:./other"]);
    annals.ok(&["info", "--at", "other"]);
    let output = annals.command().env("ANNALS_AT", "./other").args(["info", "-o", "json"]).output();
    let info: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    assert_eq!(info["events"], 1);
    annals.fails(3, &["info"]);
}
