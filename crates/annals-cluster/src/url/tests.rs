//! URLs as they are written, and what is refused of them.

use std::path::Path;

use super::*;

fn parse_with(text: &str, variables: &[(&str, &str)]) -> Result<Target> {
    let lookup = |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Target::parse(text, &lookup)
}

fn parse(text: &str) -> Target {
    parse_with(text, &[]).unwrap()
}

fn refused(text: &str) -> String {
    let error = parse_with(text, &[]).unwrap_err();
    assert_eq!(error.kind(), annals_core::ErrorKind::InvalidArgument, "{text}");
    error.to_string()
}

#[test]
fn a_url_names_servers_a_store_and_a_folder() {
    let target = parse("nats://a,b:5222,[::1]:6222/orders?dir=/var/lib/a%20b&node=n1&timeout=2s");
    assert_eq!(target.places(), "a:4222, b:5222, [::1]:6222");
    assert_eq!(target.store().as_str(), "orders");
    assert_eq!(target.dir(), Some(Path::new("/var/lib/a b")));
    assert_eq!(target.node(), Some("n1"));
    assert_eq!(target.timeout(), Duration::from_secs(2));
    assert_eq!(parse("nats://a/orders").timeout(), TIMEOUT);
    assert_eq!(parse("nats://a/orders").dir(), None);
}

#[test]
fn a_login_without_a_password_is_a_token() {
    let password = |user: &str, password: &str| Login::Password {
        user: user.to_owned(),
        password: password.to_owned(),
    };
    assert!(parse("nats://ann:s%40cret@h/s").login == password("ann", "s@cret"));
    assert!(parse("nats://ann:@h/s").login == password("ann", ""));
    assert!(parse("nats://t0ken@h/s").login == Login::Token("t0ken".to_owned()));
    assert!(parse("nats://h/s?creds=f").login == Login::Credentials("f".into()));
    assert!(parse("nats://h/s").login == Login::Nobody);
}

#[test]
fn the_environment_fills_in_what_the_url_leaves_out() {
    let variables = [("NATS_USER", "ann"), ("NATS_PASSWORD", "pw"), ("NATS_CA", "ca.pem")];
    let target = parse_with("nats://h/s", &variables).unwrap();
    assert!(matches!(target.login, Login::Password { .. }));
    assert_eq!(target.ca.as_deref(), Some(Path::new("ca.pem")));
    let target = parse_with("nats://tok@h/s?ca=own.pem", &variables).unwrap();
    assert!(target.login == Login::Token("tok".to_owned()));
    assert_eq!(target.ca.as_deref(), Some(Path::new("own.pem")));
    let creds = parse_with("nats://h/s", &[("NATS_CREDS", "f"), ("NATS_USER", "")]).unwrap();
    assert!(creds.login == Login::Credentials("f".into()));
}

#[test]
fn tls_is_asked_for_by_the_scheme_or_a_parameter() {
    assert_eq!(parse("nats://h/s").tls, Tls::AsServer);
    assert_eq!(parse("nats+tls://h/s").tls, Tls::Require);
    assert_eq!(parse("tls://h/s").tls, Tls::Require);
    assert_eq!(parse("nats://h/s?tls=require").tls, Tls::Require);
    assert_eq!(parse("nats://h/s?tls=first").tls, Tls::First);
    let target = parse("nats://h/s?cert=c&key=k&ca=a");
    assert_eq!(target.identity, Some(Identity { cert: "c".into(), key: "k".into() }));
}

#[test]
fn what_is_shown_means_the_same_but_for_the_login() {
    for text in [
        "nats://a:1,b:2/shop?dir=/d/a%20b&node=n1&timeout=2500ms",
        "nats://[::1]:4222/shop",
        "nats+tls://a:4222/shop?ca=/ca.pem",
        "nats+tls://a:4222/shop?tls=first",
    ] {
        assert_eq!(parse(text).to_string(), text);
        assert_eq!(parse(&parse(text).to_string()), parse(text));
    }
    assert_eq!(parse("nats://ann:secret@a/shop").to_string(), "nats://a:4222/shop");
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    for (text, words) in [
        ("postgres://h/s", "nats://host:4222/store?dir=folder"),
        ("nats://h", "name of the store"),
        ("nats://h/", "name of the store"),
        ("nats://h/a.b", "name of the store"),
        ("nats:///s", "host"),
        ("nats://h:x/s", "port"),
        ("nats://h:70000/s", "port"),
        ("nats://h/s?colour=red", "`colour`"),
        ("nats://h/s?dir=a&dir=b", "`dir` twice"),
        ("nats://h/s?dir=", "`dir=`"),
        ("nats://h/s?timeout=5", "timeout=5"),
        ("nats://h/s?tls=maybe", "tls=maybe"),
        ("nats://h/s?node=a%20b", "name of a node"),
        ("nats://h/s?token=x", "nats://token@host"),
        ("nats://h/s?cert=c", "`cert` and `key`"),
        ("nats://ann:pw@h/s?creds=f", "leave one"),
        ("nats://:pw@h/s", "no user"),
    ] {
        let error = refused(text);
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn no_password_is_ever_told() {
    for text in [
        "nats://ann:sec/ret@h/s",
        "nats://ann:sec?ret@h/s",
        "nats://ann:ret@h:x/s",
        "nats://ann:ret%@h/s",
        "nats://ann:ret%ff@h/s",
        "nats:/ann:ret@h/s",
        "nats://ann:ret@/s",
    ] {
        let error = parse_with(text, &[]).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("ret"), "{text}: {told}");
    }
    let target = parse("nats://ann:ret@h/s");
    assert!(!format!("{target} {target:?}").contains("ret"));
}
