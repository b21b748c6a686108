//! Many connections and subscriptions, some of which never read, some of which vanish.

use std::{sync::Arc, time::Duration};

use annals_proto::kurrentdb::streams::read_resp::Content;
use tokio::{sync::Barrier, task::JoinSet, time::timeout};
use uuid::Uuid;

use super::client::{Appended, Client, server};

const CONNECTIONS: usize = 500;
const SUBSCRIPTIONS_EACH: usize = 2;
/// Every so manieth connection does not read what it asked for.
const SLOW: usize = 10;
/// Every so manieth connection goes away in the middle.
const VANISHING: usize = 7;
const EVENTS: u64 = 60;
const EVENT_BYTES: usize = 4 * 1024;
/// More than the crowd may take, and far less than everything for everybody would.
const MEMORY_MAX: u64 = 600 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_with_slow_and_vanishing_readers_holds_nobody_up() {
    let server = server();
    let ready = Arc::new(Barrier::new(CONNECTIONS + 1));
    let mut readers = JoinSet::new();
    for number in 0..CONNECTIONS {
        let client = Client::new(&server);
        let kind = match number {
            _ if number % SLOW == 0 => Kind::Slow,
            _ if number % VANISHING == 0 => Kind::Vanishing,
            _ => Kind::Reading,
        };
        readers.spawn(subscribe(client, kind, Arc::clone(&ready)));
    }
    timeout(PATIENCE, ready.wait()).await.unwrap();
    let mut writer = Client::new(&server);
    for version in 0..EVENTS {
        let data = vec![0; EVENT_BYTES];
        let appended =
            writer.append("crowd-1", version.checked_sub(1), Uuid::new_v4(), data).await.unwrap();
        assert_eq!(appended, Appended::At(version));
    }
    let mut slow = Vec::new();
    while let Some(ended) = timeout(PATIENCE, readers.join_next()).await.unwrap() {
        slow.extend(ended.unwrap());
    }
    assert_eq!(slow.len(), CONNECTIONS.div_ceil(SLOW) * SUBSCRIPTIONS_EACH);
    let memory = server.memory().unwrap();
    assert!(memory < MEMORY_MAX, "the server has {} MB", memory / 1024 / 1024);
    let mut events = writer.read("crowd-1").await.unwrap();
    assert!(events.message().await.unwrap().is_some());
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reading,
    Slow,
    Vanishing,
}

type Open = (Client, tonic::Streaming<annals_proto::kurrentdb::streams::ReadResp>);

/// Follows the store; gives back what must stay open.
async fn subscribe(mut client: Client, kind: Kind, ready: Arc<Barrier>) -> Vec<Open> {
    let mut open = Vec::new();
    for _ in 0..SUBSCRIPTIONS_EACH {
        let subscription = timeout(PATIENCE, client.follow(0)).await.unwrap().unwrap();
        open.push((client.clone(), subscription));
    }
    ready.wait().await;
    match kind {
        Kind::Slow => open,
        Kind::Vanishing => {
            // Gone with half of it unread.
            for (_, subscription) in &mut open {
                read(subscription, EVENTS / 2).await;
            }
            Vec::new()
        }
        Kind::Reading => {
            for (_, subscription) in &mut open {
                read(subscription, EVENTS).await;
            }
            Vec::new()
        }
    }
}

async fn read(
    subscription: &mut tonic::Streaming<annals_proto::kurrentdb::streams::ReadResp>,
    count: u64,
) {
    let mut next = 0;
    while next < count {
        let answer = timeout(PATIENCE, subscription.message()).await.unwrap().unwrap().unwrap();
        if let Some(Content::Event(event)) = answer.content {
            assert_eq!(event.event.unwrap().stream_revision, next);
            next += 1;
        }
    }
}
