//! Help, completions and manual pages. The help texts are kept in `tests/golden`; run the tests
//! with `UPDATE_EXPECT=1` to take over a change.

use std::{env, fs, path::Path};

use crate::harness::Annals;

/// Every command, as typed.
const COMMANDS: [&str; 59] = [
    "",
    "append",
    "read",
    "tail",
    "stream",
    "stream ls",
    "stream show",
    "stream meta",
    "stream truncate",
    "stream delete",
    "stream tombstone",
    "serve",
    "cert",
    "cert dev",
    "cluster",
    "cluster init",
    "cluster status",
    "cluster check",
    "cluster add-node",
    "cluster trim",
    "subscription",
    "subscription create",
    "subscription update",
    "subscription delete",
    "subscription ls",
    "subscription show",
    "subscription consume",
    "subscription parked",
    "subscription replay-parked",
    "subscription discard-parked",
    "subscription restart",
    "users",
    "users create",
    "users ls",
    "users show",
    "users groups",
    "users disable",
    "users enable",
    "users delete",
    "users change-password",
    "users reset-password",
    "users key",
    "users key create",
    "users key ls",
    "users key revoke",
    "health",
    "config",
    "config show",
    "info",
    "import",
    "export",
    "copy",
    "verify",
    "migrate",
    "demo",
    "completions",
    "man",
    "help",
    "help exit-codes",
];

fn golden(name: &str, found: &str) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{}: run with UPDATE_EXPECT=1 if this is meant", path.display());
}

#[test]
fn the_help_of_every_command_is_as_reviewed() {
    let annals = Annals::new();
    for command in COMMANDS {
        let mut args: Vec<_> = command.split_whitespace().collect();
        if command != "help exit-codes" {
            args.push("--help");
        }
        let name = format!("annals {command}");
        golden(&name.trim().replace(' ', "-"), &annals.ok(&args));
    }
}

#[test]
fn no_command_is_missing_from_the_reviewed_ones() {
    let annals = Annals::new();
    let listed = |args: &[&str]| -> Vec<String> {
        let help = annals.ok(&[args, &["--help"]].concat());
        let list = help.split("Commands:\n").nth(1).unwrap_or_default();
        let lines = list.lines().take_while(|line| line.starts_with("  "));
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    for name in listed(&[]) {
        assert!(COMMANDS.contains(&&*name), "{name}");
    }
    for group in ["stream", "config", "cert", "cluster", "subscription", "users", "users key"] {
        let words: Vec<_> = group.split(' ').collect();
        for name in listed(&words) {
            assert!(COMMANDS.contains(&&*format!("{group} {name}")), "{group} {name}");
        }
    }
}

#[test]
fn help_is_given_in_every_way_it_is_asked_for() {
    let annals = Annals::new();
    let help = annals.ok(&["append", "--help"]);
    assert_eq!(annals.ok(&["help", "append"]), help);
    assert!(annals.ok(&["append", "-h"]).len() <= help.len());
    assert!(annals.ok(&["help", "stream", "ls"]).starts_with("Examples:"));
    annals.fails(2, &["help", "nothing"]);
    assert!(annals.fails(2, &[]).contains("Usage: annals"));
    assert!(annals.ok(&["--version"]).starts_with("annals "));
}

#[test]
fn completions_know_the_commands() {
    let annals = Annals::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = annals.ok(&["completions", shell]);
        assert!(script.contains("tombstone"), "{shell}");
    }
    annals.fails(2, &["completions", "tcsh"]);
}

#[test]
fn manual_pages_are_printed_and_written() {
    let annals = Annals::new();
    assert!(annals.ok(&["man"]).contains(".TH"));
    annals.ok(&["man", "--dir", "man"]);
    for page in ["annals.1", "annals-append.1", "annals-stream-ls.1"] {
        assert!(
            fs::read_to_string(annals.path("man").join(page)).unwrap().contains(".SH NAME"),
            "{page}"
        );
    }
}
