//! Stores whose events are in partitions: how they begin, what PostgreSQL keeps in them, and how
//! they are read. That they are stores like any other is in the conformance suite, which runs on
//! one too.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod plans;
#[path = "../servers/mod.rs"]
mod servers;
mod story;

use std::process::ExitCode;

use annals_core::{Backend, ErrorKind};
use annals_postgres::{MIGRATIONS, Options, Partitions, Postgres, Target};
use futures_lite::future::block_on;
use servers::{Outcome, Test, plain_server, run};
use story::tell;

const TESTS: &[Test] = &[
    ("a_store_begins_with_the_partitions_that_its_url_names", begins_as_its_url_says),
    ("a_store_keeps_the_partitions_that_it_began_with", keeps_its_partitions),
    ("a_changed_migration_is_refused_in_partitions_too", a_changed_migration_is_refused),
    ("constraints_of_a_stream_hold_in_partitions", constraints_hold),
    ("partitions_are_tended_one_at_a_time", tended_one_at_a_time),
    ("the_whole_store_is_read_by_merging_indexes", plans::of_the_whole_store),
    ("queries_merge_the_indexes_they_ask_for", plans::of_queries),
    ("a_stream_is_read_in_one_partition", plans::of_a_stream),
    ("appends_look_into_indexes_alone", plans::of_appends),
];

fn main() -> ExitCode {
    run(TESTS)
}

fn partitions(count: u16) -> Option<Partitions> {
    Some(Partitions::new(count).unwrap())
}

const COUNT: &str = "select count(*) from pg_inherits where inhparent = 'annals.events'::regclass";

fn begins_as_its_url_says() -> Outcome {
    let server = plain_server()?;
    let url = format!("{}?partitions=8", server.url());
    let pending = block_on(Postgres::pending(&url.parse::<Target>()?, Options::default()))?;
    assert_eq!(pending.len(), MIGRATIONS.len());
    assert_eq!(pending[0].name, "tables_in_partitions");
    let store = block_on(Postgres::open(&url, Options::default()))?;
    tell(&store, 0..200);
    assert_eq!(server.psql(COUNT)?, "8");
    let used = "select count(distinct tableoid) from annals.events";
    assert_eq!(server.psql(used)?, "8", "streams are spread");
    let alone = "select count(*) from (select from annals.events group by stream_id \
                 having count(distinct tableoid) > 1) as torn";
    assert_eq!(server.psql(alone)?, "0", "no stream is in two of them");
    let size: u64 = server
        .psql("select sum(pg_total_relation_size(relid)) from pg_stat_user_tables")?
        .parse()?;
    assert!(block_on(store.info())?.bytes.unwrap_or_default() * 2 > size, "all count for the size");
    assert_eq!(server.psql("select count(*) from annals.event_log")?, "1000");
    block_on(store.close())?;
    Ok(())
}

fn keeps_its_partitions() -> Outcome {
    let server = plain_server()?;
    for (begun, asked, words) in [
        (None, 4, "has its events in one table, not in 4 partitions"),
        (partitions(4), 8, "has its events in 4 partitions, not in 8 partitions"),
    ] {
        let schema = format!("shop_{asked}");
        let begun = Options { schema: schema.clone(), partitions: begun, ..Options::default() };
        block_on(block_on(Postgres::open(&server.url(), begun.clone()))?.close())?;
        let target: Target = format!("{}?schema={schema}", server.url()).parse()?;
        let other = Options { partitions: partitions(asked), ..Options::default() };
        let errors = [
            block_on(Postgres::open_target(&target, other.clone())).unwrap_err(),
            block_on(Postgres::pending(&target, other.clone())).unwrap_err(),
            block_on(Postgres::migrate(&target, other)).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            let text = error.to_string();
            assert!(text.contains(words) && text.contains("`annals copy`"), "{error}");
        }
        // Who asks for the same, or for nothing, gets it as it is.
        for asked in [begun.partitions, None] {
            let options = Options { partitions: asked, ..Options::default() };
            assert!(block_on(Postgres::pending(&target, options.clone()))?.is_empty());
            block_on(block_on(Postgres::open_target(&target, options))?.close())?;
        }
    }
    Ok(())
}

fn a_changed_migration_is_refused() -> Outcome {
    let server = plain_server()?;
    let options = Options { partitions: partitions(2), ..Options::default() };
    block_on(block_on(Postgres::open(&server.url(), options))?.close())?;
    server.psql("update annals.migrations set checksum = checksum + 1 where version = 1")?;
    let error = block_on(Postgres::open(&server.url(), Options::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("(`tables_in_partitions`) was applied in another form"));
    Ok(())
}

/// Puts a row into the table `events`.
fn put(position: u64, stream: &str, version: &str) -> String {
    format!(
        "insert into annals.events (global_position, event_id, stream_id, version, event_type, \
         schema_version, created_at) \
         values ({position}, gen_random_uuid(), '{stream}', {version}, 'Put', 1, now())"
    )
}

fn constraints_hold() -> Outcome {
    let server = plain_server()?;
    let options = Options { partitions: partitions(4), ..Options::default() };
    let store = block_on(Postgres::open(&server.url(), options))?;
    tell(&store, 0..1);
    let refused = |sql: &str| server.psql(sql).unwrap_err().to_string();
    let twice = refused(&put(99, "account-0", "0"));
    assert!(twice.contains("_stream_id_version_key"), "{twice}");
    let twice = refused(&put(0, "account-0", "99"));
    assert!(twice.contains("_pkey"), "a position twice in a partition: {twice}");
    let none = refused(&put(99, "account-0", "null"));
    assert!(none.contains("not-null"), "{none}");
    // Tables of others may point at an event by its place in its stream.
    server.psql(
        "create table invoices (stream text collate \"C\", version bigint, \
         foreign key (stream, version) references annals.events (stream_id, version))",
    )?;
    server.psql("insert into invoices values ('account-0', 4)")?;
    let missing = refused("insert into invoices values ('account-0', 5)");
    assert!(missing.contains("foreign key"), "{missing}");
    block_on(store.close())?;
    Ok(())
}

fn tended_one_at_a_time() -> Outcome {
    let server = plain_server()?;
    let options = Options { partitions: partitions(2), ..Options::default() };
    let store = block_on(Postgres::open(&server.url(), options))?;
    tell(&store, 0..20);
    for sql in [
        "vacuum (freeze, analyze) annals.events_000",
        "reindex table concurrently annals.events_001",
        "alter table annals.events_001 set (autovacuum_freeze_min_age = 0)",
        "create index concurrently on annals.events_000 (created_at)",
    ] {
        server.psql(sql)?;
    }
    tell(&store, 20..40);
    assert_eq!(block_on(store.info())?.events, 200);
    block_on(store.close())?;
    Ok(())
}
