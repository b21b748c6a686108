//! Reads through a replica that follows the primary, lags behind it, or is not there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod servers;

use std::{process::ExitCode, sync::mpsc, thread, time::Duration};

use annals_core::{
    Append, Backend, Delivery, Direction, ErrorKind, EventType, ExpectedVersion, NewEvent,
    Position, Query, Read, ReadAll, ReadStream, StreamName, Subscribe, SubscribeStart, Version,
};
use annals_postgres::{Options, Postgres};
use annals_testbed::{postgres::Postgres as Server, wait_until};
use futures_lite::{StreamExt, future::block_on};
use servers::{Outcome, Test, plain_server, run};

const TESTS: &[Test] = &[
    ("any_gives_what_the_replica_has", any_gives_what_the_replica_has),
    ("own_is_never_behind_what_the_handle_knows", own_is_never_behind_what_the_handle_knows),
    ("a_replica_that_has_caught_up_is_read", a_replica_that_has_caught_up_is_read),
    ("a_subscription_loses_nothing_to_a_lagging_replica", a_subscription_loses_nothing),
    ("one_read_of_replicas_of_different_age_has_no_gap", one_read_has_no_gap),
    ("a_replica_that_is_gone_is_not_missed", a_replica_that_is_gone_is_not_missed),
    ("a_server_with_another_store_is_not_read", a_server_with_another_store_is_not_read),
];

fn main() -> ExitCode {
    run(TESTS)
}

/// Far longer than anything here takes.
const DEADLINE: Duration = Duration::from_secs(60);

fn open(primary: &Server, replicas: &[&Server], staleness: &str) -> annals_core::Result<Postgres> {
    let places: Vec<_> =
        replicas.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
    let url = format!("{}?read_from={}&staleness={staleness}", primary.url(), places.join(","));
    block_on(Postgres::open(&url, Options::default()))
}

fn stream() -> StreamName {
    StreamName::new("account-1").unwrap()
}

fn append(store: &Postgres, events: usize) -> annals_core::Result<Version> {
    append_at(store, ExpectedVersion::Any, events)
}

fn append_at(
    store: &Postgres,
    expected: ExpectedVersion,
    events: usize,
) -> annals_core::Result<Version> {
    let event = || NewEvent::new(EventType::new("counted").unwrap(), "{}");
    let events: Vec<_> = std::iter::repeat_with(event).take(events).collect();
    let appended = block_on(store.append(Append::to(stream(), expected, events)))?;
    Ok(appended.streams[0].last_version.unwrap())
}

fn positions(store: &Postgres, read: impl Into<Read>) -> annals_core::Result<Vec<u64>> {
    let mut found = store.read(read.into());
    block_on(async {
        let mut positions = Vec::new();
        while let Some(event) = found.next().await {
            positions.push(event?.position.get());
        }
        Ok(positions)
    })
}

fn all() -> ReadAll {
    ReadAll::new(Query::all())
}

/// How many events a replica has.
fn events_of(server: &Server) -> String {
    server.psql("select head + 1 from annals.store").unwrap_or_default()
}

fn wait_for(server: &Server, events: usize) -> Outcome {
    Ok(wait_until("the replica has the events", || events_of(server) == events.to_string())?)
}

fn pause(server: &Server) -> Outcome {
    server.psql("select pg_wal_replay_pause()")?;
    Ok(wait_until("the replica stands still", || {
        server.psql("select pg_get_wal_replay_pause_state()").as_deref() == Ok("paused")
    })?)
}

fn resume(server: &Server) -> Outcome {
    server.psql("select pg_wal_replay_resume()")?;
    Ok(())
}

fn any_gives_what_the_replica_has() -> Outcome {
    let primary = plain_server()?;
    let standby = primary.standby()?;
    let store = open(&primary, &[&standby], "any")?;
    append(&store, 2)?;
    wait_for(&standby, 2)?;
    pause(&standby)?;
    append(&store, 3)?;
    assert_eq!(positions(&store, all())?, [0, 1]);
    assert_eq!(positions(&store, ReadStream::new(stream()).backward())?, [1, 0]);
    assert_eq!(block_on(store.head())?, Some(Position::new(4)), "the head is the primary's");
    resume(&standby)?;
    wait_for(&standby, 5)?;
    assert_eq!(positions(&store, all())?, [0, 1, 2, 3, 4]);
    Ok(block_on(store.close())?)
}

fn own_is_never_behind_what_the_handle_knows() -> Outcome {
    let primary = plain_server()?;
    let standby = primary.standby()?;
    let store = open(&primary, &[&standby], "own")?;
    let other = block_on(Postgres::open(&primary.url(), Options::default()))?;
    append(&store, 1)?;
    wait_for(&standby, 1)?;
    pause(&standby)?;
    // What it has written.
    append(&store, 1)?;
    assert_eq!(positions(&store, all())?, [0, 1]);
    assert_eq!(positions(&store, ReadStream::new(stream()))?, [0, 1]);
    // What it was refused for.
    append(&other, 1)?;
    let refused = append_at(&store, ExpectedVersion::Exact(Version::new(1)), 1).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WrongExpectedVersion);
    assert_eq!(positions(&store, ReadStream::new(stream()))?, [0, 1, 2]);
    // What it was told.
    append(&other, 1)?;
    assert_eq!(block_on(store.head())?, Some(Position::new(3)));
    assert_eq!(positions(&store, all())?, [0, 1, 2, 3]);
    block_on(other.close())?;
    Ok(block_on(store.close())?)
}

fn a_replica_that_has_caught_up_is_read() -> Outcome {
    for staleness in ["own", "any"] {
        let mut primary = plain_server()?;
        let standby = primary.standby()?;
        let store = open(&primary, &[&standby], staleness)?;
        append(&store, 3)?;
        wait_for(&standby, 3)?;
        primary.kill()?;
        assert_eq!(positions(&store, all())?, [0, 1, 2], "{staleness}");
        assert_eq!(positions(&store, ReadStream::new(stream()))?, [0, 1, 2], "{staleness}");
    }
    Ok(())
}

fn a_subscription_loses_nothing() -> Outcome {
    let primary = plain_server()?;
    let standby = primary.standby()?;
    for staleness in ["any", "own"] {
        let store = open(&primary, &[&standby], staleness)?;
        let before = append(&store, 600)?.get() + 1;
        wait_for(&standby, usize::try_from(before)?)?;
        let whole = Subscribe::all(Query::all(), SubscribeStart::Beginning);
        let one = Subscribe::stream(stream(), SubscribeStart::Beginning);
        let followed = [follow(&store, whole), follow(&store, one)];
        for events in &followed {
            must_follow(events, 0..before)?;
        }
        pause(&standby)?;
        let mut next = before;
        for _ in 0..5 {
            append(&store, 1)?;
            for events in &followed {
                must_follow(events, next..next + 1)?;
            }
            next += 1;
        }
        resume(&standby)?;
        for _ in 0..50 {
            append(&store, 1)?;
            for events in &followed {
                must_follow(events, next..next + 1)?;
            }
            next += 1;
        }
        block_on(store.close())?;
    }
    Ok(())
}

/// The positions that a subscription gives, as they come.
fn follow(store: &Postgres, subscribe: Subscribe) -> mpsc::Receiver<u64> {
    let mut deliveries = store.subscribe(subscribe);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        while let Some(Ok(delivery)) = block_on(deliveries.next()) {
            if let Delivery::Event(event) = delivery
                && sender.send(event.position.get()).is_err()
            {
                return;
            }
        }
    });
    receiver
}

fn must_follow(events: &mpsc::Receiver<u64>, expected: std::ops::Range<u64>) -> Outcome {
    for position in expected {
        assert_eq!(events.recv_timeout(DEADLINE), Ok(position));
    }
    Ok(())
}

fn one_read_has_no_gap() -> Outcome {
    let primary = plain_server()?;
    let (early, late) = (primary.standby()?, primary.standby()?);
    let store = open(&primary, &[&early, &late], "any")?;
    append(&store, 700)?;
    wait_for(&early, 700)?;
    pause(&early)?;
    append(&store, 900)?;
    append(&store, 900)?;
    wait_for(&late, 2_500)?;
    let reading = |direction| {
        let store = store.clone();
        thread::spawn(move || {
            let read = match direction {
                Direction::Forward => all(),
                Direction::Backward => all().backward(),
            };
            positions(&store, read)
        })
    };
    let mut lengths = Vec::new();
    for _ in 0..5 {
        let directions = [Direction::Forward, Direction::Backward].repeat(3);
        let threads: Vec<_> = directions.into_iter().map(reading).collect();
        for thread in threads {
            let mut found = thread.join().unwrap()?;
            found.sort_unstable();
            let whole: Vec<u64> = (0..found.len() as u64).collect();
            assert_eq!(found, whole, "every event up to the newest that the read saw");
            lengths.push(found.len());
        }
    }
    assert!(lengths.iter().all(|length| [700, 2_500].contains(length)), "{lengths:?}");
    Ok(block_on(store.close())?)
}

fn a_replica_that_is_gone_is_not_missed() -> Outcome {
    let primary = plain_server()?;
    let mut standby = primary.standby()?;
    let store = open(&primary, &[&standby], "any")?;
    append(&store, 2)?;
    wait_for(&standby, 2)?;
    assert_eq!(positions(&store, all())?, [0, 1]);
    standby.kill()?;
    append(&store, 1)?;
    assert_eq!(positions(&store, all())?, [0, 1, 2]);
    block_on(store.close())?;
    // Not there from the beginning.
    let store = open(&primary, &[&standby], "own")?;
    assert_eq!(positions(&store, all())?, [0, 1, 2]);
    Ok(block_on(store.close())?)
}

fn a_server_with_another_store_is_not_read() -> Outcome {
    let (primary, stranger) = (plain_server()?, plain_server()?);
    let strange = block_on(Postgres::open(&stranger.url(), Options::default()))?;
    append(&strange, 9)?;
    block_on(strange.close())?;
    let store = open(&primary, &[&stranger], "any")?;
    append(&store, 1)?;
    assert_eq!(positions(&store, all())?, [0]);
    Ok(block_on(store.close())?)
}
