//! The command on a store in PostgreSQL: every command works or says why not, `migrate` tells what
//! it did, and no password is ever printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the tests on folders need more of it")]
#[path = "../it/harness.rs"]
mod harness;

use std::process::ExitCode;

use annals_testbed::postgres::{Durability, Options, Postgres, shared_url};
use harness::{Annals, Done};
use libtest_mimic::{Arguments, Completion, Trial};

/// A case and its name. It panics when it fails.
type Case = (&'static str, fn(&Database));

const CASES: [Case; 9] = [
    ("events_are_appended_read_and_followed", events_are_appended_read_and_followed),
    ("streams_are_listed_changed_and_closed", streams_are_listed_changed_and_closed),
    ("an_export_comes_back_in_another_schema", an_export_comes_back_in_another_schema),
    ("migrate_lists_what_it_did_or_would_do", migrate_lists_what_it_did_or_would_do),
    ("a_store_is_begun_in_partitions_and_stays_so", begun_in_partitions_and_stays_so),
    ("reading_makes_no_store", reading_makes_no_store),
    ("a_store_that_may_not_be_migrated_is_refused", a_store_that_may_not_be_migrated_is_refused),
    ("what_only_folders_and_only_databases_have_is_told", what_only_some_have_is_told),
    ("no_error_has_the_password", no_error_has_the_password),
];

fn main() -> ExitCode {
    // A server of our own where the run of the tests brings none; it ends with this.
    let mut own = None;
    let url = shared_url().map_or_else(
        || {
            let options = Options { durability: Durability::Fast, ..Options::default() };
            let server = Postgres::start(options).map_err(|problem| problem.to_string())?;
            Ok::<_, String>(own.insert(server).url())
        },
        Ok,
    );
    let trials = CASES.map(|(name, case)| trial(name, case, url.clone()));
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn trial(name: &str, case: fn(&Database), url: Result<String, String>) -> Trial {
    Trial::ignorable_test(name, move || match url {
        Ok(url) => {
            case(&Database { annals: Annals::new(), url });
            Ok(Completion::Completed)
        }
        Err(reason) if annals_testbed::is_required("postgres") => Err(reason.into()),
        Err(reason) => Ok(Completion::ignored_with(reason)),
    })
}

/// A database in which each test makes schemas of its own.
struct Database {
    annals: Annals,
    url: String,
}

/// A schema of it.
struct Store<'a> {
    annals: &'a Annals,
    url: String,
}

impl Database {
    fn store(&self) -> Store<'_> {
        let schema = uuid::Uuid::now_v7().simple();
        Store { annals: &self.annals, url: format!("{}?schema=test_{schema}", self.url) }
    }
}

impl Store<'_> {
    fn run(&self, args: &[&str]) -> Done {
        self.annals.run(&[args, &["--at", &self.url]].concat())
    }

    fn ok(&self, args: &[&str]) -> String {
        self.run(args).must(0).stdout
    }

    fn fails(&self, code: i32, args: &[&str]) -> String {
        self.run(args).must(code).stderr
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(&[args, &["-o", "json"]].concat())).unwrap()
    }
}

fn events_are_appended_read_and_followed(database: &Database) {
    let store = database.store();
    store.ok(&["append", "account-1", "opened", r#"{"owner":"Ann"}"#, "--expect", "none"]);
    store.ok(&["append", "account-1", "deposited", r#"{"cents":5}"#, "--tag", "big"]);
    store.fails(4, &["append", "account-1", "opened", "--expect", "none"]);
    let events = store.json(&["read", "account-1"]);
    assert_eq!(events[0]["data"]["owner"], "Ann");
    assert_eq!(events[1]["version"], 1);
    assert_eq!(store.json(&["read", "--tag", "big"])[0]["type"], "deposited");
    let followed = store.json(&["tail", "-n", "2", "--count", "2"]);
    assert_eq!(followed.as_array().unwrap().len(), 2);
    let info = store.json(&["info"]);
    assert_eq!((&info["backend"], &info["events"]), (&"postgres".into(), &2.into()));
    assert_eq!(info["store"], store.url);
}

fn streams_are_listed_changed_and_closed(database: &Database) {
    let store = database.store();
    for _ in 0..3 {
        store.ok(&["append", "card-1", "used"]);
    }
    store.ok(&["append", "card-2", "used"]);
    store.ok(&["append", "card-3", "used"]);
    store.ok(&["stream", "meta", "card-1", "--max-count", "2"]);
    assert_eq!(store.json(&["read", "card-1"]).as_array().unwrap().len(), 2);
    store.ok(&["stream", "truncate", "card-1", "--before", "2", "-y"]);
    store.ok(&["stream", "delete", "card-2", "-y"]);
    store.ok(&["stream", "tombstone", "card-3", "-y"]);
    assert_eq!(store.json(&["stream", "show", "card-1"])["first_version"], 2);
    assert_eq!(
        store.ok(&["stream", "ls", "--all", "--category", "card"]),
        "card-1\t2\tlive\ncard-2\t0\tdeleted\ncard-3\t0\ttombstoned\n"
    );
    store.fails(3, &["read", "card-3"]);
}

fn an_export_comes_back_in_another_schema(database: &Database) {
    let (store, copy) = (database.store(), database.store());
    for number in 0..5 {
        let data = format!("{{\"number\":{number}}}");
        store.ok(&["append", &format!("case-{}", number % 2), "moved", &data]);
    }
    database.annals.write("export.ndjson", store.ok(&["export"]));
    copy.ok(&["import", "export.ndjson"]);
    let places = |store: &Store<'_>| store.ok(&["read", "-q"]);
    assert_eq!(places(&store), places(&copy));
    assert_eq!(copy.json(&["import", "export.ndjson"])["already_done"], 5);
}

fn migrate_lists_what_it_did_or_would_do(database: &Database) {
    let store = database.store();
    let planned = store.ok(&["migrate", "--dry-run"]);
    assert!(planned.starts_with("1\ttables\tmissing\n2\tappend\tmissing\n"), "{planned}");
    assert_eq!(store.ok(&["migrate", "--dry-run"]), planned, "nothing was done");
    assert_eq!(store.ok(&["migrate"]), planned.replace("missing", "applied"));
    let again = store.run(&["migrate"]).must(0);
    assert_eq!((again.stdout.as_str(), again.stderr.trim()), ("", "the store is up to date"));
    assert_eq!(store.json(&["migrate", "--dry-run"]), serde_json::json!([]));
    assert_eq!(store.json(&["info"])["events"], 0);
}

fn begun_in_partitions_and_stays_so(database: &Database) {
    let store = database.store();
    let plan = store.run(&["migrate", "--dry-run", "--partitions", "4"]).must(0);
    assert!(plan.stdout.starts_with("1\ttables_in_partitions\tmissing\n2\tappend\tmissing\n"));
    assert!(plan.stderr.contains("the events are in 4 partitions"), "{}", plan.stderr);
    let done = store.ok(&["migrate", "--partitions", "4"]);
    assert_eq!(done, plan.stdout.replace("missing", "applied"));
    store.ok(&["append", "a-1", "t"]);
    assert_eq!(store.ok(&["migrate", "--partitions", "4"]), "");

    let error = store.fails(1, &["migrate", "--dry-run", "--partitions", "16"]);
    assert!(error.contains("in 4 partitions, not in 16 partitions"), "{error}");
    assert!(error.contains("`annals copy`"), "{error}");
    let other = Store { annals: &database.annals, url: format!("{}&partitions=16", store.url) };
    let error = other.fails(1, &["append", "a-1", "t"]);
    assert!(error.contains("`annals copy`"), "{error}");
    let error = other.fails(2, &["migrate", "--partitions", "4"]);
    assert!(error.contains("different numbers"), "{error}");
    store.fails(2, &["migrate", "--partitions", "5"]);
    assert_eq!(store.json(&["read"]).as_array().unwrap().len(), 1);
}

fn reading_makes_no_store(database: &Database) {
    let store = database.store();
    for args in [&["info"][..], &["read"], &["tail", "--count", "0"], &["stream", "ls"]] {
        let error = store.fails(3, args);
        assert!(error.contains("there is no store in schema `test_"), "{error}");
        assert!(error.contains("`annals migrate`"), "{error}");
    }
    assert!(store.ok(&["migrate", "--dry-run"]).starts_with("1\ttables\tmissing"));
}

fn a_store_that_may_not_be_migrated_is_refused(database: &Database) {
    let mut store = database.store();
    store.url.push_str("&migrate=never");
    let error = store.fails(6, &["append", "a", "t"]);
    assert!(error.contains("run `annals migrate`"), "{error}");
    store.ok(&["migrate"]);
    store.ok(&["append", "a", "t"]);
}

fn what_only_some_have_is_told(database: &Database) {
    let store = database.store();
    store.ok(&["migrate"]);
    let error = store.fails(1, &["verify"]);
    assert!(error.contains("only the embedded engine") && error.contains("pg_amcheck"), "{error}");
    let error = database.annals.fails(1, &["migrate", "--at", "file:x"]);
    assert!(error.contains("a folder has no tables"), "{error}");
}

fn no_error_has_the_password(database: &Database) {
    let with_password = database.url.replacen("annals@", "annals:secret@", 1);
    let url = format!("{with_password}?schema=missing");
    let unreachable = "postgres://ann:secret@127.0.0.1:1/shop";
    let misread = "postgres://ann:sec/secret@127.0.0.1/shop";
    let parameter = "postgres://ann@127.0.0.1/shop?password=secret&nonsense=1";
    let urls = [&url, unreachable, misread, parameter, "other://ann:secret@h", "nats://a:secret@h"];
    for url in urls {
        for command in [&["info"][..], &["append", "a", "t"], &["verify"], &["migrate"]] {
            for format in [&[][..], &["--json-errors"]] {
                if url == urls[0] && command[0] != "info" {
                    continue;
                }
                let done = database.annals.run(&[command, format, &["--at", url]].concat());
                assert_ne!(done.code, Some(0), "{url}");
                assert!(!format!("{done:?}").replace(url, "").contains("secret"), "{done:?}");
            }
        }
    }
}
