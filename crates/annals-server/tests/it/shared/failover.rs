//! Groups go on at another server when the one that drove them is gone, and what that one still
//! writes is refused.

use std::{sync::Arc, time::Instant};

use annals_core::{
    Backend, ErrorKind, MemoryBackend, Name, Position, StateExpected, StateKey, StateKind, StatePut,
};
use annals_proto::kurrentdb::persistent_subscriptions::create_req::{
    Settings, settings::CheckpointAfter,
};
use tonic::Code;

use super::{LONG, PATIENCE, SHORT, server};
use crate::persistent::trial::{Client, of_stream, settings};

/// Progress is written as soon as there is some.
fn soon() -> Settings {
    Settings {
        checkpoint_after: Some(CheckpointAfter::CheckpointAfterMs(1)),
        min_checkpoint_count: 1,
        ..settings()
    }
}

/// Waits until a server drives the groups, or, for `false`, sends callers elsewhere.
async fn until_leads(client: &mut Client, leads: bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let is_so = match client.info("s").await {
            Ok(_) => leads,
            Err(status) => !leads && status.code() == Code::NotFound,
        };
        if is_so {
            return;
        }
        assert!(Instant::now() < deadline, "it does not come to be so");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_stops_hands_its_groups_over_at_once() {
    let store = Arc::new(MemoryBackend::new());
    let (first, _) = server(&store, LONG).await;
    first.append("s", &["a", "b", "c", "d"]).await;
    let mut client = Client::of(&first).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let (second, _) = server(&store, LONG).await;
    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(2).await, ["a", "b"]);
    client.until("s", |info| info.total_in_flight_messages == 2).await;
    first.stop().await;
    let mut client = Client::of(&second).await;
    until_leads(&mut client, true).await;
    assert_eq!(client.info("s").await.unwrap().last_checkpointed_event_position, "1");
    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(2).await, ["c", "d"]);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_replaced_and_its_consumers_have_to_go() {
    let store = Arc::new(MemoryBackend::new());
    let (first, door) = server(&store, SHORT).await;
    first.append("s", &["a", "b", "c"]).await;
    let mut old = Client::of(&first).await;
    old.create(of_stream("s", soon())).await.unwrap();
    let (second, _) = server(&store, SHORT).await;
    let mut new = Client::of(&second).await;
    let consumer = old.read("s", 9).await.unwrap();
    door.cut(true);
    let end = consumer.end().await;
    assert_eq!((end.code(), end.message()), (Code::Unavailable, "Server Is Not Ready"));
    until_leads(&mut new, true).await;
    let mut consumer = new.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(3).await, ["a", "b", "c"]);
    // Back again, it finds the other one.
    door.cut(false);
    until_leads(&mut old, false).await;
}

#[tokio::test]
async fn what_a_leader_of_before_still_writes_is_refused_and_its_events_come_once_more() {
    let store = Arc::new(MemoryBackend::new());
    let (first, door) = server(&store, SHORT).await;
    first.append("s", &["a", "b", "c"]).await;
    let mut old = Client::of(&first).await;
    old.create(of_stream("s", soon())).await.unwrap();
    let mut consumer = old.read("s", 9).await.unwrap();
    door.hold(true);
    assert_eq!(consumer.acked(3).await, ["a", "b", "c"]);
    door.until_held().await;
    door.cut(true);
    let (second, _) = server(&store, SHORT).await;
    let mut new = Client::of(&second).await;
    until_leads(&mut new, true).await;
    // They had been finished, and nobody knows.
    let mut consumer = new.read("s", 1).await.unwrap();
    assert_eq!(consumer.acked(1).await, ["a"]);
    new.until("s", |info| info.last_checkpointed_event_position == "0").await;
    door.hold(false);
    assert_eq!(door.refused().await, ErrorKind::WrongExpectedVersion);
    let checkpoint = store.checkpoint(&Name::new("$persistent/s::g").unwrap()).await.unwrap();
    assert_eq!(checkpoint, Some(Position::new(0)));
    assert_eq!(consumer.acked(2).await, ["b", "c"]);
}

#[tokio::test]
async fn consumers_of_a_server_whose_lease_was_taken_are_sent_to_the_new_leader() {
    let store = Arc::new(MemoryBackend::new());
    let (running, _) = server(&store, SHORT).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let consumer = client.read("s", 9).await.unwrap();
    let name = Name::new("$server/groups").unwrap();
    let key = StateKey { kind: StateKind::Lease, name };
    let value = r#"{"owner":"","host":"n2.local","port":2113,"number":9,"millis":600000}"#;
    let put = StatePut { key, expected: StateExpected::Any, value: Some(value.into()) };
    store.put_state(put).await.unwrap();
    let end = consumer.end().await;
    assert_eq!((end.code(), end.message()), (Code::NotFound, "Leader info available"));
    assert_eq!(end.metadata().get("leader-endpoint-host").unwrap(), "n2.local");
    assert_eq!(end.metadata().get("leader-endpoint-port").unwrap(), "2113");
}
