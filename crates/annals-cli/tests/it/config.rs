//! Where settings come from, and what is said when they are wrong.

use std::{collections::BTreeMap, fs};

use crate::harness::Annals;

/// Every setting with its value and its source.
fn shown(annals: &Annals, variables: &[(&str, &str)], flags: &[&str]) -> BTreeMap<String, String> {
    let mut command = annals.command();
    command.args(["config", "show", "--sources", "-o", "plain"]).args(flags);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| line.split_once('\t').unwrap());
    rows.map(|(key, rest)| (key.to_owned(), rest.replace('\t', " from "))).collect()
}

#[test]
fn flags_win_over_variables_those_over_the_file_and_that_over_defaults() {
    let annals = Annals::new();
    let here = |variables: &[_], flags: &[_]| shown(&annals, variables, flags)["drain"].clone();
    assert_eq!(here(&[], &[]), "10 from default");
    annals.write("annals.toml", "\ndrain = 20\n");
    assert_eq!(here(&[], &[]), "20 from annals.toml, line 2");
    let variable = [("ANNALS_DRAIN", "30")];
    assert_eq!(here(&variable, &[]), "30 from variable ANNALS_DRAIN");
    assert_eq!(here(&variable, &["--drain", "40"]), "40 from flag");
}

#[test]
fn another_file_is_named_by_a_flag_or_a_variable() {
    let annals = Annals::new();
    annals.write("annals.toml", "drain = 1");
    annals.write("other.toml", "drain = 2\ninsecure = true\nlog-level = \"warn,h2=debug\"");
    let by_flag = shown(&annals, &[], &["--config", "other.toml"]);
    assert_eq!(by_flag["drain"], "2 from other.toml, line 1");
    assert_eq!(by_flag["insecure"], "true from other.toml, line 2");
    assert_eq!(by_flag["log-level"], "warn,h2=debug from other.toml, line 3");
    assert_eq!(shown(&annals, &[("ANNALS_CONFIG", "other.toml")], &[]), by_flag);
}

#[test]
fn passwords_are_not_shown() {
    let annals = Annals::new();
    annals.write("annals.toml", "at = \"postgres://ann:geheim@db/shop\"");
    for text in [
        annals.ok(&["config", "show"]),
        annals.ok(&["config", "show", "--sources", "-o", "json"]),
        annals.ok(&["config", "show", "--at", "postgres://ann:geheim@db/shop"]),
    ] {
        assert!(text.contains("postgres://") && !text.contains("geheim"), "{text}");
    }
    annals.write("annals.toml", "at = [\"postgres://ann:geheim@db/shop\"]");
    assert!(!annals.fails(2, &["config", "show"]).contains("geheim"));
}

#[test]
fn mistakes_in_the_file_are_told_with_their_line_and_a_way_out() {
    let annals = Annals::new();
    for (text, why, hint) in [
        ("insecure = true\nlisetn = \"x\"", "line 2: `lisetn` is no setting", "write `listen`"),
        ("log_level = \"info\"", "line 1: `log_level` is no setting", "write `log-level`"),
        ("zzzzz = 1", "line 1: `zzzzz` is no setting", "`annals config show` lists"),
        (
            "\n\nlisten = \"here\"",
            "line 3: invalid value 'here' for '--listen",
            "annals help serve",
        ),
        ("log-format = \"xml\"", "line 1: invalid value 'xml'", "write one of text, json"),
        ("insecure = 1", "line 1: `insecure` is there or not", "`insecure = true`"),
        ("drain = [1]", "line 1: `drain` has one value, and no array", "keys are flat"),
        ("[log]\nlevel = 1", "line 1: `log` is no setting", "try:"),
        ("drain = 1\nlisten = here", "line 2: ", "text in quotes"),
        ("config = \"other.toml\"", "line 1: `config` is no setting", "try:"),
    ] {
        annals.write("annals.toml", text);
        for command in [&["serve", "--insecure"][..], &["config", "show"]] {
            let said = annals.fails(2, command);
            assert!(said.contains("`annals.toml` cannot be used"), "{text}: {said}");
            assert!(said.contains(why), "{text}: {said}");
            assert!(said.contains(hint), "{text}: {said}");
        }
        let said = annals.fails(2, &["--json-errors", "config", "show"]);
        assert!(serde_json::from_str::<serde_json::Value>(&said).is_ok(), "{said}");
    }
    assert!(annals.fails(3, &["serve", "--config", "missing.toml"]).contains("missing.toml"));
}

#[test]
fn other_commands_do_not_look_at_the_file() {
    let annals = Annals::with_events();
    annals.write("annals.toml", "nothing = \"good\"");
    annals.ok(&["read", "account-1"]);
    fs::remove_file(annals.path("annals.toml")).unwrap();
}
