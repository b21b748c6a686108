//! When a schema is made, brought up to date, or refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod servers;

use std::{process::ExitCode, thread};

use annals_core::{Backend, ErrorKind};
use annals_postgres::{Create, MIGRATIONS, Migrate, Options, Postgres, Target};
use futures_lite::future::block_on;
use servers::{Outcome, Test, plain_server, run};

const TESTS: &[Test] = &[
    ("a_newer_schema_is_refused", a_newer_schema_is_refused),
    ("a_changed_migration_is_refused", a_changed_migration_is_refused),
    ("nothing_is_made_that_was_not_asked_for", nothing_is_made_that_was_not_asked_for),
    ("several_may_begin_a_store_at_once", several_may_begin_a_store_at_once),
    ("a_store_lives_as_long_as_the_runtime_it_was_opened_in", lives_with_its_runtime),
    ("a_missing_database_is_told", a_missing_database_is_told),
    ("a_wrong_password_is_told", a_wrong_password_is_told),
];

fn main() -> ExitCode {
    run(TESTS)
}

fn a_newer_schema_is_refused() -> Outcome {
    let server = plain_server()?;
    block_on(block_on(Postgres::open(&server.url(), Options::default()))?.close())?;
    server.psql("insert into annals.migrations values (999, 'later', 0)")?;
    let error = block_on(Postgres::open(&server.url(), Options::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("version 999 (`later`) by a newer program"), "{error}");
    let target: Target = server.url().parse()?;
    let error = block_on(Postgres::migrate(&target, Options::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    Ok(())
}

fn a_changed_migration_is_refused() -> Outcome {
    let server = plain_server()?;
    block_on(block_on(Postgres::open(&server.url(), Options::default()))?.close())?;
    server.psql("update annals.migrations set checksum = 0 where version = 2")?;
    let error = block_on(Postgres::open(&server.url(), Options::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("in another form"), "{error}");
    Ok(())
}

fn nothing_is_made_that_was_not_asked_for() -> Outcome {
    let server = plain_server()?;
    let target: Target = format!("{}?schema=shop", server.url()).parse()?;
    let existing = Options { create: Create::Never, ..Options::default() };
    let error = block_on(Postgres::open_target(&target, existing.clone())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("there is no store in schema `shop`"), "{error}");
    let by_hand = Options { migrate: Migrate::Never, ..Options::default() };
    let error = block_on(Postgres::open_target(&target, by_hand.clone())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("run `annals migrate`"), "{error}");
    let schemas = "select count(*) from pg_namespace where nspname in ('shop', 'annals')";
    assert_eq!(server.psql(schemas)?, "0");

    let pending = block_on(Postgres::pending(&target, by_hand.clone()))?;
    assert_eq!(pending.len(), MIGRATIONS.len());
    let applied = block_on(Postgres::migrate(&target, by_hand.clone()))?;
    assert_eq!(applied.len(), MIGRATIONS.len());
    assert!(block_on(Postgres::pending(&target, by_hand.clone()))?.is_empty());
    assert!(block_on(Postgres::migrate(&target, by_hand.clone()))?.is_empty());
    for options in [existing, by_hand] {
        block_on(block_on(Postgres::open_target(&target, options))?.close())?;
    }
    assert_eq!(server.psql(schemas)?, "1");
    Ok(())
}

fn lives_with_its_runtime() -> Outcome {
    let server = plain_server()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let options = Options { runtime: Some(runtime.handle().clone()), ..Options::default() };
    let store = block_on(Postgres::open(&server.url(), options))?;
    // Asked from outside of it, which is driven all the same.
    assert_eq!(block_on(store.head())?, None);
    drop(runtime);
    assert_eq!(block_on(store.close()).unwrap_err().kind(), ErrorKind::Closed);
    Ok(())
}

fn several_may_begin_a_store_at_once() -> Outcome {
    let server = plain_server()?;
    let url = server.url();
    let opening = || {
        let url = url.clone();
        thread::spawn(move || {
            let store = block_on(Postgres::open(&url, Options::default()))?;
            let info = block_on(store.info())?;
            block_on(store.close()).map(|()| info.store_id)
        })
    };
    let threads = [opening(), opening(), opening(), opening()];
    let mut ids = Vec::new();
    for thread in threads {
        ids.push(thread.join().unwrap()?);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "all have the same store");
    Ok(())
}

fn a_missing_database_is_told() -> Outcome {
    let server = plain_server()?;
    let opened = block_on(Postgres::open(&server.url_of("nowhere"), Options::default()));
    let error = opened.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("create the database first"), "{error}");
    Ok(())
}

fn a_wrong_password_is_told() -> Outcome {
    let access = "host all ann 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    let server = annals_testbed::postgres::Postgres::start(annals_testbed::postgres::Options {
        files: vec![("pg_hba.conf".to_owned(), access.into())],
        ..Default::default()
    })?;
    server.psql("create role ann login superuser password 'right'")?;
    let url = |password: &str| server.url().replacen("annals@", &format!("ann:{password}@"), 1);
    block_on(block_on(Postgres::open(&url("right"), Options::default()))?.close())?;
    let error = block_on(Postgres::open(&url("mistaken"), Options::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(!format!("{error} {error:?}").contains("mistaken"), "{error:?}");
    Ok(())
}
