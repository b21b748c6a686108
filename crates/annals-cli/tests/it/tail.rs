//! `annals tail`. What it prints live is tested where something can be appended to a store that
//! is being followed: in the demo, and in the conformance suite.

use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use crate::harness::Annals;

#[test]
fn past_events_come_first_and_a_count_ends_it() {
    let annals = Annals::with_events();
    let places = |args: &[&str]| annals.places(args);
    assert_eq!(places(&["tail", "-n", "10", "--count", "4"]).len(), 4);
    assert_eq!(places(&["tail", "-n", "2", "--count", "2"]), ["account-2@0", "account-1@2"]);
    assert_eq!(
        places(&["tail", "account-1", "-n", "2", "--count", "2"]),
        ["account-1@1", "account-1@2"]
    );
    assert_eq!(
        places(&["tail", "--type", "opened", "-n", "2", "--count", "2"]),
        ["account-1@0", "account-2@0"]
    );
    assert!(places(&["tail", "--count", "0"]).is_empty());
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it() {
    use std::os::unix::process::ExitStatusExt;

    let annals = Annals::with_events();
    let mut child =
        annals.command().args(["tail", "-n", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert!(line.contains(r#""version":2"#), "{line}");
    let kill = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    // A shell shows this as exit code 130.
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert_eq!(annals.json(&["info"])["events"], 4, "the store is usable afterwards");
}

#[test]
fn a_stream_that_is_not_there_yet_is_waited_for() {
    let annals = Annals::with_events();
    let done = annals.run(&["tail", "account-9", "-n", "3", "--count", "0"]);
    assert_eq!(done.must(0).stdout, "");
}
