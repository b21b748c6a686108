//! The store of a KurrentDB, `--at kurrentdb://...`: every command that works on events, taking a
//! store over, and what the protocol cannot do. The server is ours, which speaks it too.

use annals_testbed::annals::Annals as Server;

use crate::{harness::Annals, remote::check_tail_over_kills};

fn server() -> Server {
    Server::start(env!("CARGO_BIN_EXE_annals"), ["--insecure"]).unwrap()
}

/// A server with `account-1` with versions 0 to 2 and `account-2` with version 0.
fn with_events(annals: &Annals) -> Server {
    let server = server();
    let at = server.kurrentdb();
    for (stream, event_type, expected) in [
        ("account-1", "opened", "none"),
        ("account-1", "deposited", "0"),
        ("account-2", "opened", "none"),
        ("account-1", "withdrawn", "exists"),
    ] {
        let data = r#"{"cents":500}"#;
        let meta = r#"userId=ann"#;
        let event = ["append", stream, event_type, data, "--meta", meta];
        annals.ok(&[&event[..], &["--expect", expected, "--at", &at]].concat());
    }
    server
}

#[test]
fn commands_work_on_the_store_of_a_kurrentdb() {
    let annals = Annals::new();
    let server = with_events(&annals);
    let at = server.kurrentdb();
    let all = ["account-1@0", "account-1@1", "account-2@0", "account-1@2"];
    assert_eq!(annals.places(&["read", "--at", &at]), all);
    let read = ["read", "account-1", "--at", &at, "--backwards", "--limit", "2"];
    assert_eq!(annals.places(&read), ["account-1@2", "account-1@1"]);
    assert_eq!(annals.places(&["read", "--type", "opened", "--at", &at]).len(), 2);
    assert_eq!(annals.places(&["read", "--category", "account", "--at", &at]), all);
    let refused = ["append", "account-1", "closed", "--expect", "1", "--at", &at];
    let refused = annals.fails(4, &refused);
    assert!(refused.contains("it is at version 2"), "{refused}");
    annals.fails(3, &["read", "missing", "--at", &at]);

    let info = annals.json(&["info", "--at", &at]);
    assert_eq!((&info["head"], &info["events"]), (&4.into(), &serde_json::Value::Null));
    assert_eq!(annals.ok(&["stream", "ls", "-q", "--at", &at]), "account-1\naccount-2\n");
    annals.ok(&["stream", "meta", "account-1", "--max-count", "1", "--at", &at]);
    assert_eq!(annals.places(&["read", "account-1", "--at", &at]), ["account-1@2"]);
    assert_eq!(annals.json(&["stream", "show", "account-1", "--at", &at])["last_version"], 2);
    annals.ok(&["stream", "delete", "account-2", "--yes", "--at", &at]);
    annals.fails(3, &["read", "account-2", "--at", &at]);
    annals.ok(&["stream", "tombstone", "account-1", "--yes", "--at", &at]);
    annals.fails(3, &["append", "account-1", "closed", "--at", &at]);
    annals.fails(1, &["verify", "--at", &at]);
    annals.fails(1, &["migrate", "--at", &at]);
}

#[test]
fn a_store_is_taken_over_with_ids_types_data_metadata_and_times() {
    let annals = Annals::new();
    let server = with_events(&annals);
    let at = server.kurrentdb();
    annals.ok(&["stream", "meta", "account-1", "--max-count", "2", "--at", &at]);
    annals.ok(&["stream", "delete", "account-2", "--yes", "--at", &at]);
    annals.ok(&["stream", "tombstone", "account-3", "--yes", "--at", &at]);
    let copy = ["copy", "--from", &at, "--to", "copy"];
    let told = annals.json(&copy);
    assert_eq!((&told["copied"], &told["renumbered"]), (&7.into(), &0.into()));
    assert_eq!(told["digest"].as_str().unwrap().len(), 32);
    assert_eq!(without_positions(&annals, "copy"), without_positions(&annals, &at));
    assert_eq!(annals.places(&["read", "account-1", "--at", "copy"]).len(), 2);
    annals.fails(3, &["read", "account-2", "--at", "copy"]);
    annals.ok(&["verify", "--at", "copy"]);

    assert_eq!(annals.json(&copy)["copied"], 0);
    annals.ok(&["append", "account-4", "opened", "--at", &at]);
    let told = annals.json(&copy);
    assert_eq!((&told["copied"], &told["already_there"]), (&1.into(), &7.into()));
    annals.ok(&["append", "account-4", "closed", "--at", "copy"]);
    let refused = annals.fails(4, &copy);
    assert!(refused.contains("it has gone on"), "{refused}");
}

#[test]
fn an_export_of_a_kurrentdb_is_imported_as_the_same_events() {
    let annals = Annals::new();
    let server = with_events(&annals);
    let at = server.kurrentdb();
    annals.write("events.ndjson", annals.ok(&["export", "--at", &at]));
    annals.ok(&["import", "events.ndjson", "--at", "copy"]);
    assert_eq!(annals.places(&["read", "--at", "copy"]), annals.places(&["read", "--at", &at]));
}

/// What a store exports, without the places and times that it gives itself.
fn without_positions(annals: &Annals, at: &str) -> Vec<serde_json::Value> {
    let text = annals.ok(&["export", "-q", "--at", at]);
    let lines = text.lines().map(|line| {
        let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
        event.as_object_mut().unwrap().remove("position");
        event
    });
    lines.collect()
}

#[test]
fn tail_goes_on_when_the_server_is_killed_and_comes_back() {
    let server = server();
    let at = server.kurrentdb();
    check_tail_over_kills(server, &at);
}

#[test]
fn what_the_protocol_cannot_do_is_said_with_what_to_try() {
    let annals = Annals::new();
    let server = with_events(&annals);
    let at = server.kurrentdb();
    let tagged = annals.fails(1, &["append", "s", "opened", "--tag", "a:1", "--at", &at]);
    assert!(tagged.contains("`$tags`"), "{tagged}");
    let by_tag = annals.fails(1, &["read", "--tag", "a:1", "--at", &at]);
    assert!(by_tag.contains("annals copy"), "{by_tag}");
    let to = annals.fails(1, &["copy", "--from", "memory:", "--to", &at]);
    assert!(to.contains("annals export"), "{to}");
    annals.write("events.ndjson", r#"{"stream":"a-1","type":"opened"}"#);
    let import = annals.fails(1, &["import", "events.ndjson", "--at", &at]);
    assert!(import.contains("keeps no checkpoints"), "{import}");
}

#[test]
fn a_server_with_users_and_tls_asks_for_both() {
    let annals = Annals::new();
    annals.ok(&["cert", "dev", "--dir", "certs"]);
    let file = |name: &str| annals.path("certs").join(name).display().to_string();
    let (certificate, key) = (file("server.pem"), file("server.key"));
    let arguments = ["--tls-cert", &certificate, "--tls-key", &key];
    let server = Server::start(env!("CARGO_BIN_EXE_annals"), arguments).unwrap();
    let password = password(&server.log(), "admin");
    let place = format!("localhost:{}", server.port());
    let ca = format!("tlsCaFile={}", file("ca.pem"));
    let at = format!("kurrentdb://admin:{password}@{place}?{ca}");
    annals.ok(&["append", "s", "first", "--at", &at]);
    assert_eq!(annals.places(&["read", "s", "--at", &at]), ["s@0"]);
    let discovered = format!("esdb+discover://admin:{password}@{place}?{ca}");
    assert_eq!(annals.places(&["read", "s", "--at", &discovered]), ["s@0"]);

    let wrong = format!("kurrentdb://admin:wrong-word@{place}?{ca}");
    let refused = annals.fails(5, &["read", "s", "--at", &wrong]);
    assert!(!refused.contains("wrong-word"), "{refused}");
    let untrusted = format!("kurrentdb://admin:{password}@{place}");
    let refused = annals.fails(5, &["read", "s", "--at", &untrusted]);
    assert!(refused.contains("`tlsCaFile`"), "{refused}");
    let plain = format!("kurrentdb://admin:{password}@{place}?tls=false");
    annals.fails(6, &["read", "s", "--at", &plain]);
}

/// The password that a server showed on its first start.
fn password(log: &str, login: &str) -> String {
    let mut users = log.lines().filter_map(|line| line.trim().split_once(' '));
    let found = users.find(|(name, _)| *name == login);
    found.map(|(_, password)| password.trim().to_owned()).unwrap()
}
