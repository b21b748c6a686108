//! What URLs and environments mean.

use super::*;
use crate::{Migrate, Partitions};

fn parse_with(text: &str, variables: &[(&str, &str)]) -> Result<Target> {
    Target::parse(text, &|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

fn parse(text: &str) -> Target {
    parse_with(text, &[]).unwrap()
}

fn refused(text: &str) -> String {
    parse_with(text, &[("USER", "ann")]).unwrap_err().to_string()
}

fn shown(text: &str, variables: &[(&str, &str)]) -> String {
    parse_with(text, variables).unwrap().to_string()
}

#[test]
fn a_url_names_user_password_host_port_and_database() {
    let target = parse("postgres://ann:p%40ss%2Fword@db.example:6000/shop");
    assert_eq!((target.user.as_str(), target.database.as_str()), ("ann", "shop"));
    let [server] = &target.servers[..] else { panic!("{target}") };
    assert_eq!(server.place, Place::Name("db.example".to_owned()));
    assert_eq!((server.port, server.password.as_deref()), (6000, Some("p@ss/word")));
    assert_eq!(target.application_name, "annals");
    assert_eq!(target.tls.mode, crate::tls::Mode::Prefer);
    assert_eq!(target.session, TargetSessionAttrs::Any);
}

#[test]
fn what_is_left_out_is_taken_from_the_environment() {
    let variables = [
        ("PGHOST", "db"),
        ("PGPORT", "6000"),
        ("PGUSER", "ann"),
        ("PGPASSWORD", "secret"),
        ("PGDATABASE", "shop"),
        ("PGSSLMODE", "require"),
        ("PGAPPNAME", "till"),
        ("PGCONNECT_TIMEOUT", "3"),
        ("PGTARGETSESSIONATTRS", "read-only"),
        ("PGOPTIONS", "-c jit=off"),
        ("PGHOSTADDR", "127.0.0.9"),
    ];
    let target = parse_with("postgres://", &variables).unwrap();
    assert_eq!(target.to_string(), "postgres://ann@db:6000/shop");
    assert_eq!(target.servers[0].password.as_deref(), Some("secret"));
    assert_eq!(target.servers[0].address, "127.0.0.9".parse().ok());
    assert_eq!(target.tls.mode, crate::tls::Mode::Require);
    assert_eq!(target.application_name, "till");
    assert_eq!(target.connect_timeout, Some(Duration::from_secs(3)));
    assert_eq!(target.session, TargetSessionAttrs::ReadOnly);
    assert_eq!(target.options.as_deref(), Some("-c jit=off"));

    let url = "postgres://bob:own@other/orders?sslmode=disable";
    let target = parse_with(url, &variables).unwrap();
    assert_eq!(target.to_string(), "postgres://bob@other:6000/orders?sslmode=disable");
    assert_eq!(target.servers[0].password.as_deref(), Some("own"));
    assert_eq!(target.servers[0].address, None, "the address is that of another host");
}

#[test]
fn user_database_and_host_have_usual_values() {
    assert_eq!(shown("postgres://", &[("USER", "ann")]), "postgres://ann@localhost/ann");
    assert_eq!(shown("postgresql://bob@h", &[]), "postgres://bob@h/bob");
    let error = parse_with("postgres://h/db", &[]).unwrap_err().to_string();
    assert!(error.contains("names no user"), "{error}");
}

#[test]
fn several_hosts_have_a_port_each_or_one_for_all() {
    let ports = |text: &str| -> Vec<(Place, u16)> {
        let servers = parse(text).servers;
        servers.into_iter().map(|server| (server.place, server.port)).collect()
    };
    let named = |name: &str, port| (Place::Name(name.to_owned()), port);
    assert_eq!(ports("postgres://u@a:1,b:2/d"), [named("a", 1), named("b", 2)]);
    assert_eq!(ports("postgres://u@a:1,b/d"), [named("a", 1), named("b", 5432)]);
    assert_eq!(ports("postgres://u@a,b/d?port=7"), [named("a", 7), named("b", 7)]);
    assert_eq!(ports("postgres://u@[::1]:1,b/d"), [named("::1", 1), named("b", 5432)]);
    assert_eq!(
        parse("postgres://u@a,b/d").session,
        TargetSessionAttrs::ReadWrite,
        "of several servers the one that takes writes is meant"
    );
    assert!(refused("postgres://u@a,b,c/d?port=1,2").contains("3 hosts and 2 ports"));
    assert!(refused("postgres://u@a,b/d?hostaddr=::1").contains("2 hosts and 1 addresses"));
    assert!(refused("postgres://u@a:0/d").contains("1 to 65535"));
}

#[test]
fn a_host_that_begins_with_a_slash_is_the_folder_of_a_socket() {
    let folder = Place::Folder("/run/pg".into());
    assert_eq!(parse("postgres://u@%2Frun%2Fpg:6000/d").servers[0].place, folder);
    assert_eq!(parse("postgres://u@/d?host=/run/pg").servers[0].place, folder);
    assert_eq!(shown("postgres://u@/d?host=/run/pg", &[]), "postgres://u@%2Frun%2Fpg/d");
}

#[test]
fn the_url_stands_above_the_options() {
    let target = parse(
        "postgres://u@h/d?schema=orders&migrate=never&pool_size=3&pool_timeout=1s\
         &statement_timeout=2s&answer_grace=6s&lock_timeout=3s&patience=4s&poll_every=500ms&partitions=16",
    );
    let options = target.options(Options { schema: "mine".to_owned(), ..Options::default() });
    assert_eq!((options.schema.as_str(), options.pool_size), ("orders", 3));
    assert_eq!(options.migrate, Migrate::Never);
    assert_eq!(options.partitions.map(Partitions::get), Some(16));
    let seconds = [1_000, 2_000, 6_000, 3_000, 4_000, 500].map(Duration::from_millis);
    let found = [
        options.pool_timeout,
        options.statement_timeout,
        options.answer_grace,
        options.lock_timeout,
        options.patience,
        options.poll_every,
    ];
    assert_eq!(found, seconds);

    let own = Options { schema: "mine".to_owned(), pool_size: 2, ..Options::default() };
    let options = parse("postgres://u@h/d?pool_size=5").options(own);
    assert_eq!((options.schema.as_str(), options.pool_size), ("mine", 5));
}

#[test]
fn what_is_not_known_is_refused_with_what_is() {
    let error = refused("postgres://u@h/d?shema=x");
    assert!(error.contains("`shema`") && error.contains("port, read_from, schema"), "{error}");
    for (text, words) in [
        ("sslmode=on", "`verify-ca`"),
        ("migrate=yes", "`on-open` or `never`"),
        ("partitions=12", "a power of two from 2 to 256"),
        ("pool_size=0", "from 1 to 10000"),
        ("statement_timeout=5", "its unit"),
        ("poll_every=0s", "above zero"),
        ("target_session_attrs=standby", "`read-write`"),
        ("connect_timeout=soon", "write seconds"),
        ("schema=pg_x", "keeps for itself"),
        ("schema=", "is empty"),
        ("schema=a&schema=b", "twice"),
        ("dbname=other", "gives `dbname` twice"),
        ("sslcert=a.pem", "belong together"),
        ("sslrootcert=system&sslmode=require", "proves nothing"),
    ] {
        let error = refused(&format!("postgres://u@h/d?{text}"));
        assert!(error.contains(words), "{text}: {error}");
    }
    let error = parse_with("postgres://u@h/d", &[("PGSSLMODE", "on")]).unwrap_err().to_string();
    assert!(error.contains("`PGSSLMODE=on` of the environment"), "{error}");
}

#[test]
fn the_roots_of_the_system_check_the_name() {
    let target = parse("postgres://u@h/d?sslrootcert=system");
    assert_eq!(target.tls.mode, crate::tls::Mode::VerifyFull);
}

#[test]
fn no_password_is_shown_whatever_is_wrong_with_the_url() {
    for text in [
        "postgres://ann:sec:ret@h/d",
        "postgres://ann:secret@h/d?password=secret",
        "postgres://h/d?user=ann&password=secret",
    ] {
        match parse_with(text, &[]) {
            Ok(target) => {
                assert!(!format!("{target} {target:?}").contains("ret"), "{target}");
            }
            Err(error) => assert!(!format!("{error} {error:?}").contains("ret"), "{error:?}"),
        }
    }
    for text in [
        "postgres://ann:sec/ret@h/d",
        "postgres://ann:1/ret@h/d",
        "postgres://ann:1/ret@h",
        "postgres://ann:1?ret@h/d",
        "postgres://ann:1?ret@h/d=1",
        "postgres://ann:1?ret=@h/d",
        "postgres://ann:sec?ret@h/d",
        "postgres://ann:ret%@h/d",
        "postgres://ann:ret%ff@h/d",
        "postgres:/ann:ret@h/d",
    ] {
        let error = parse_with(text, &[("USER", "u")]).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("ret"), "{text}: {told}");
    }
}

#[test]
fn what_is_shown_means_the_same() {
    for text in [
        "postgres://ann@h/shop?schema=a%20b&sslmode=require",
        "postgres://ann@a:1,b:2/ann",
        "postgres://ann@[::1]:6000/d",
    ] {
        let target = parse(text);
        assert_eq!(target.to_string(), text);
        assert_eq!(parse(&target.to_string()), target);
    }
}

#[test]
fn a_password_is_looked_up_in_a_file_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".pgpass");
    let text = "# places\nother:*:*:*:wrong\na:1:shop:ann:it\\:s:a\n*:2:*:ann:for all\n";
    std::fs::write(&path, text).unwrap();
    set_mode(&path, 0o600);
    let home = folder.path().to_str().unwrap();
    let passwords = |url: &str, variables: &[(&str, &str)]| -> Vec<Option<String>> {
        let servers = parse_with(url, variables).unwrap().servers;
        servers.into_iter().map(|server| server.password).collect()
    };
    let found = passwords("postgres://ann@a:1,b:2,c:3/shop", &[("HOME", home)]);
    assert_eq!(found, [Some("it:s:a".to_owned()), Some("for all".to_owned()), None]);
    let file = [("PGPASSFILE", path.to_str().unwrap())];
    assert_eq!(passwords("postgres://ann@x:2/d", &file), [Some("for all".to_owned())]);
    assert_eq!(passwords("postgres://ann:own@x:2/d", &file), [Some("own".to_owned())]);
    set_mode(&path, 0o644);
    assert_eq!(passwords("postgres://ann@x:2/d", &file), [None]);
}

fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn replicas_need_a_choice_of_how_old_events_may_be() {
    let target = parse("postgres://u:pw@h/d?read_from=a:1,b&staleness=own");
    let read_from = target.read_from.unwrap();
    let places: Vec<_> = read_from.servers.iter().map(|s| (s.place.clone(), s.port)).collect();
    let named = |name: &str, port| (Place::Name(name.to_owned()), port);
    assert_eq!(places, [named("a", 1), named("b", 5432)]);
    assert_eq!(read_from.staleness, Staleness::Own);
    assert_eq!(read_from.servers[0].password.as_deref(), Some("pw"));
    for (text, words) in [
        ("read_from=a", "`staleness=own`"),
        ("staleness=any", "about replicas"),
        ("read_from=a&staleness=old", "`own` or `any`"),
        ("read_from=&staleness=any", "`host:port`"),
    ] {
        let error = refused(&format!("postgres://u@h/d?{text}"));
        assert!(error.contains(words), "{text}: {error}");
    }
}
