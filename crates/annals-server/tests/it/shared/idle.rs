//! A store without groups is left alone: nobody leads, and nothing is written.

use std::{sync::Arc, time::Instant};

use annals_core::{Backend, MemoryBackend, Name, StateEntry, StateKey, StateKind};
use serde_json::Value;

use super::{PATIENCE, SHORT, server};
use crate::persistent::trial::{Client, of_stream, settings};

/// More looks at the lease than it takes to take one that is free.
const LOOKS: u64 = 5;

async fn lease(store: &MemoryBackend) -> Option<StateEntry> {
    let name = Name::new("$server/groups").unwrap();
    store.state(&StateKey { kind: StateKind::Lease, name }).await.unwrap()
}

/// Waits until the lease is as wanted, and gives its revision.
async fn until(store: &MemoryBackend, is_so: impl Fn(&Value) -> bool) -> u64 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(entry) = lease(store).await
            && is_so(&serde_json::from_slice(&entry.value).unwrap())
        {
            return entry.revision;
        }
        assert!(Instant::now() < deadline, "the lease does not come to be so");
        tokio::task::yield_now().await;
    }
}

fn is_given_back(lease: &Value) -> bool {
    lease["millis"] == 0
}

#[tokio::test]
async fn nobody_leads_a_store_without_groups() {
    let store = Arc::new(MemoryBackend::new());
    let (_running, door) = server(&store, SHORT).await;
    door.looked(LOOKS).await;
    assert_eq!(lease(&store).await, None);
    assert_eq!(store.head().await.unwrap(), None);
}

#[tokio::test]
async fn a_call_about_groups_that_leaves_none_is_forgotten_after_a_while() {
    let store = Arc::new(MemoryBackend::new());
    let (running, door) = server(&store, SHORT).await;
    let mut client = Client::of(&running).await;
    client.info("s").await.unwrap_err();
    assert!(!is_given_back(&serde_json::from_slice(&lease(&store).await.unwrap().value).unwrap()));
    let revision = until(&store, is_given_back).await;
    door.looked(LOOKS).await;
    assert_eq!(lease(&store).await.unwrap().revision, revision);
    // The next one finds a leader again.
    client.create(of_stream("s", settings())).await.unwrap();
    client.info("s").await.unwrap();
}

#[tokio::test]
async fn the_lease_is_given_back_with_the_last_group_and_kept_with_any() {
    let store = Arc::new(MemoryBackend::new());
    let (running, door) = server(&store, SHORT).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let renewed = lease(&store).await.unwrap().revision + LOOKS;
    let deadline = Instant::now() + PATIENCE;
    while lease(&store).await.unwrap().revision < renewed {
        assert!(Instant::now() < deadline, "it is not renewed");
        tokio::task::yield_now().await;
    }
    client.delete("s").await.unwrap();
    let revision = until(&store, is_given_back).await;
    door.looked(LOOKS).await;
    assert_eq!(lease(&store).await.unwrap().revision, revision);
}

#[tokio::test]
async fn groups_go_on_at_another_server_though_nobody_calls() {
    let store = Arc::new(MemoryBackend::new());
    let (first, door) = server(&store, SHORT).await;
    Client::of(&first).await.create(of_stream("s", settings())).await.unwrap();
    let (second, _) = server(&store, SHORT).await;
    door.cut(true);
    let port = second.address().port();
    until(&store, |lease| lease["port"] == port).await;
}
