//! Which connection strings are understood, and how.

use super::*;
use annals_client::Authorities;
use std::time::Duration;

fn target(text: &str) -> Target {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    text.parse::<Target>().expect_err(text).to_string()
}

#[test]
fn the_strings_of_clients_are_understood() {
    for (text, expected) in [
        ("esdb://localhost:2113?tls=false", "kurrentdb://localhost:2113?tls=false"),
        ("kurrentdb://admin:changeit@h/", "kurrentdb://admin@h:2113"),
        ("kdb://h?TLS=False", "kurrentdb://h:2113?tls=false"),
        ("esdb+discover://admin:x@c.example:7", "kurrentdb+discover://admin@c.example:7"),
        ("kurrent://a,b:2,[::1]:3", "kurrentdb+discover://a:2113,b:2,[::1]:3"),
    ] {
        assert_eq!(target(text).to_string(), expected, "{text}");
    }
    assert_eq!(target("kdb://h").discovery, Discovery::Direct);
    assert_eq!(target("kdb://a,b").discovery, Discovery::Ask);
}

#[test]
fn parameters_say_how_the_server_is_reached() {
    let text = "kurrentdb://h?tlsCaFile=/ca.pem&DefaultDeadline=1500&keepAliveInterval=-1\
                &keepAliveTimeout=7000&nodePreference=readOnlyReplica&connectionName=me\
                &gossipTimeout=5&throwOnAppendFailure=true&tlsVerifyCert=true";
    let target = target(text);
    assert_eq!(target.tls(), &Tls::On(Authorities::File("/ca.pem".into())));
    assert_eq!(target.options(Options::default()).timeout, Duration::from_millis(1_500));
    assert_eq!(target.parameters.preference(), Preference::ReadOnlyReplica);
    let server = target.server("h:2113").unwrap();
    let expected = KeepAlive { interval: None, timeout: Duration::from_secs(7) };
    assert_eq!(server.keep_alive, expected);
}

#[test]
fn what_is_not_known_or_not_safe_is_refused_and_no_password_is_shown() {
    for text in [
        "kurrentdb:",
        "kurrentdb://",
        "annals://h",
        "kurrentdb://a,",
        "kurrentdb://h?tls",
        "kurrentdb://h?tls=maybe",
        "kurrentdb://h?tls=true&TLS=false",
        "kurrentdb://h?nodePreference=nearest",
        "kurrentdb://h?defaultDeadline=1s",
        "kurrentdb://h?maxDiscoverAttempts=0",
    ] {
        refused(text);
    }
    assert!(refused("esdb://h?userCertFile=x").contains("`userCertFile`"));
    assert!(refused("esdb://h?tlsVerifyCert=false").contains("`tlsCaFile`"));
    assert!(!refused("esdb://ann:sec/ret@h?x=1&y=sec?ret@").contains("sec"));
    assert!(!format!("{:?}", target("esdb://ann:secret@h")).contains("secret"));
}
