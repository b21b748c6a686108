//! Which URLs name a server, and what they say about it.

use super::*;

fn target(text: &str) -> Target {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    text.parse::<Target>().expect_err(text).to_string()
}

#[test]
fn a_server_is_named_by_its_host_and_encrypted_unless_told_otherwise() {
    let least = target("annals://events.example.com");
    assert_eq!(least.authority, "events.example.com:2113");
    assert_eq!((least.login, least.tls), (None, Tls::On(Authorities::System)));
    let local = target("annals://127.0.0.1:7/?tls=false");
    assert_eq!((local.authority.as_str(), &local.tls), ("127.0.0.1:7", &Tls::Off));
    assert_eq!(target("annals://[::1]:7").authority, "[::1]:7");
    assert_eq!(target("annals://[::1]").authority, "[::1]:2113");
    let trusted = target("annals://h?tls=true&ca=/etc/ca%20all.pem");
    assert_eq!(trusted.tls, Tls::On(Authorities::File("/etc/ca all.pem".into())));
}

#[test]
fn times_of_the_url_stand_above_the_options() {
    let options = target("annals://h?timeout=5s&patience=0s").options(Options::default());
    assert_eq!(options.timeout, Duration::from_secs(5));
    assert_eq!(options.patience, Duration::ZERO);
    assert_eq!(options.connect_timeout, Options::default().connect_timeout);
}

#[test]
fn the_password_is_read_and_never_shown() {
    let with = target("annals://ann:p%40ss%2F@h:1");
    assert_eq!(with.login, Some(("ann".to_owned(), "p@ss/".to_owned())));
    assert_eq!(with.to_string(), "annals://ann@h:1");
    assert!(!format!("{with:?}").contains("ss"));
    assert_eq!(target("annals://h?tls=false").to_string(), "annals://h:2113?tls=false");
}

#[test]
fn what_is_no_url_of_a_server_is_refused_without_quoting_it() {
    for text in [
        "annals:",
        "annals://",
        "annals://:7",
        "annals://h:port",
        "annals://h:99999",
        "annals://h/folder",
        "annals://[::1",
        "annals://ann:p%4@h",
        "annals://h?tls",
        "annals://h?tls=maybe",
        "annals://h?timeout=5",
        "annals://h?timeout=1s&timeout=2s",
        "annals://h?ca=x&tls=false",
        "postgres://h",
    ] {
        assert!(!refused(text).contains("h:port"), "{text}");
    }
    assert!(!refused("annals://ann:sec/ret@h?x=1&y=sec?ret@").contains("sec"));
    assert!(refused("annals://h?pool_size=3").contains("`pool_size`"));
}
