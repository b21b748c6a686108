//! The store of a server, `--at annals://...`: every command that works on events, and what happens
//! when the server is killed.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use annals_testbed::annals::Annals as Server;

use crate::harness::Annals;

fn server() -> Server {
    Server::start(env!("CARGO_BIN_EXE_annals"), ["--insecure"]).unwrap()
}

fn url(server: &Server) -> String {
    format!("annals://127.0.0.1:{}?tls=false", server.port())
}

#[test]
fn commands_work_on_the_store_of_a_server() {
    let (annals, server) = (Annals::with_events(), server());
    let at = url(&server);
    annals.ok(&["copy", "--from", "file:annals-data", "--to", &at]);
    assert_eq!(annals.places(&["read", "--at", &at]), annals.places(&["read"]));
    let read = ["read", "account-1", "--at", &at, "--backwards", "--limit", "2"];
    assert_eq!(annals.places(&read), ["account-1@2", "account-1@1"]);
    annals.ok(&["append", "account-1", "closed", "--expect", "2", "--at", &at]);
    let refused = ["append", "account-1", "closed", "--expect", "2", "--at", &at];
    let refused = annals.fails(4, &refused);
    assert!(refused.contains("it is at version 3"), "{refused}");
    annals.fails(3, &["read", "missing", "--at", &at]);
    assert_eq!(annals.json(&["info", "--at", &at])["events"], 5);
    assert_eq!(annals.ok(&["stream", "ls", "-q", "--at", &at]), "account-1\naccount-2\n");
    assert_eq!(annals.places(&["tail", "--at", &at, "-n", "1", "--count", "1"]), ["account-1@3"]);

    annals.write("events.ndjson", annals.ok(&["export", "--at", &at]));
    annals.ok(&["import", "events.ndjson", "--at", "file:copy"]);
    let exported = annals.places(&["read", "--at", &at]);
    assert_eq!(annals.places(&["read", "--at", "file:copy"]), exported);
    annals.fails(1, &["verify", "--at", &at]);
    annals.fails(1, &["migrate", "--at", &at]);
}

#[test]
fn tail_goes_on_when_the_server_is_killed_and_comes_back() {
    let server = server();
    let at = url(&server);
    check_tail_over_kills(server, &at);
}

/// A tail of the store at a URL shows each event once, though its server is killed in between.
pub(crate) fn check_tail_over_kills(mut server: Server, at: &str) {
    let annals = Annals::new();
    annals.ok(&["append", "s", "first", "--at", at]);
    let mut tail = annals
        .command()
        .args(["tail", "-n", "1", "--count", "3", "-o", "ndjson", "--at", at])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().contains("first"));
    for event_type in ["second", "third"] {
        server.kill().unwrap();
        server.start_again().unwrap();
        annals.ok(&["append", "s", event_type, "--at", at]);
        assert!(next().contains(event_type));
    }
    assert!(tail.wait().unwrap().success());
}

#[test]
fn a_server_that_is_not_there_is_told_from_one_that_speaks_plainly() {
    let (annals, mut server) = (Annals::new(), server());
    let encrypted = format!("annals://127.0.0.1:{}", server.port());
    let refused = annals.fails(6, &["info", "--at", &encrypted]);
    assert!(refused.contains("`tls=false`"), "{refused}");
    server.kill().unwrap();
    let refused = annals.fails(6, &["info", "--at", &url(&server)]);
    assert!(refused.contains("cannot be reached"), "{refused}");
    assert_eq!(refused.lines().count(), 3, "{refused}");
}
