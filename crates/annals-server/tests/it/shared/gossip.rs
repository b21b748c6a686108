//! Which servers clients are told of, and what a node that is cut off says of itself.

use std::sync::Arc;

use annals_core::MemoryBackend;
use annals_proto::kurrentdb::{
    Empty,
    gossip::{gossip_client::GossipClient, member_info::VNodeState},
};

use super::{LONG, server};
use crate::{
    persistent::trial::{Client, of_stream, settings},
    running::Running,
};

/// What one is told of a member.
type Told = (String, &'static str, bool);

async fn gossip(running: &Running) -> Vec<Told> {
    let mut client = GossipClient::with_origin(running.connect().await, running.origin());
    let members = client.read(Empty {}).await.unwrap().into_inner().members;
    let told = members.into_iter().map(|member| {
        let state = if member.state() == VNodeState::Leader { "Leader" } else { "Follower" };
        let at = member.http_end_point.unwrap();
        (format!("{}:{}", at.address, at.port), state, member.is_alive)
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

async fn http_gossip(running: &Running) -> Vec<Told> {
    let text = running.get("/gossip").await;
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(body).unwrap();
    let told = json["members"].as_array().unwrap().iter().map(|member| {
        let host = member["httpEndPointIp"].as_str().unwrap();
        let state = if member["state"] == "Leader" { "Leader" } else { "Follower" };
        let is_alive = member["isAlive"].as_bool().unwrap();
        (format!("{host}:{}", member["httpEndPointPort"]), state, is_alive)
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

fn sorted<const N: usize>(mut told: [Told; N]) -> [Told; N] {
    told.sort();
    told
}

#[tokio::test]
async fn every_server_tells_of_all_of_them_with_one_leader() {
    let store = Arc::new(MemoryBackend::new());
    let (first, first_door) = server(&store, LONG).await;
    Client::of(&first).await.create(of_stream("s", settings())).await.unwrap();
    let (second, second_door) = server(&store, LONG).await;
    Client::of(&second).await.info("s").await.unwrap_err();
    let address = |running: &Running| running.address().to_string();
    assert_eq!(first_door.advertised(), Some(address(&first)));
    let gone = ("n3", "127.0.0.1:1".to_owned(), false);
    let one = ("n1", address(&first), true);
    let two = ("n2", address(&second), true);
    first_door.tell(&[one.clone(), two.clone(), gone.clone()]);
    second_door.tell(&[two, one, gone]);
    let expected = sorted([
        (address(&first), "Leader", true),
        (address(&second), "Follower", true),
        ("127.0.0.1:1".to_owned(), "Follower", false),
    ]);
    for running in [&first, &second] {
        assert_eq!(gossip(running).await, expected);
    }
    // Over HTTP it is told by the name that was asked for.
    let named = format!("a:{}", first.address().port());
    assert!(http_gossip(&first).await.contains(&(named, "Leader", true)));
    assert!(http_gossip(&second).await.contains(&(address(&first), "Leader", true)));
    assert!(second.get("/info").await.contains("\"state\":\"follower\""));
}

#[tokio::test]
async fn a_leader_that_the_store_does_not_tell_of_is_told_of_all_the_same() {
    let store = Arc::new(MemoryBackend::new());
    let (first, _) = server(&store, LONG).await;
    Client::of(&first).await.create(of_stream("s", settings())).await.unwrap();
    let (second, _) = server(&store, LONG).await;
    Client::of(&second).await.info("s").await.unwrap_err();
    let told = sorted([
        (first.address().to_string(), "Leader", true),
        (second.address().to_string(), "Follower", true),
    ]);
    assert_eq!(gossip(&second).await, told);
}

#[tokio::test]
async fn where_nobody_leads_whoever_answers_is_the_leader() {
    let store = Arc::new(MemoryBackend::new());
    let door = Arc::new(super::Door::to(&store));
    door.cut(true);
    let backend: Arc<dyn annals_core::Backend> = Arc::clone(&door) as _;
    let running = Running::through(store, backend, annals_server::Options::default()).await;
    let address = running.address().to_string();
    let other = "127.0.0.1:1".to_owned();
    door.tell(&[("n1", address.clone(), true), ("n2", other.clone(), true)]);
    let told = sorted([(address, "Leader", true), (other, "Follower", true)]);
    assert_eq!(gossip(&running).await, told);
}

#[tokio::test]
async fn a_node_that_is_cut_off_is_not_ready_and_says_why() {
    let store = Arc::new(MemoryBackend::new());
    let (running, door) = server(&store, LONG).await;
    let address = running.address().to_string();
    door.tell(&[("n1", address.clone(), true)]);
    assert!(running.get("/health/ready").await.starts_with("HTTP/1.1 204"));
    assert!(running.get("/metrics").await.contains("annals_node_applied_entries 5\n"));
    door.tell(&[("n1", address, false)]);
    let answer = running.get("/health/ready").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("\"check\":\"node\""), "{answer}");
    assert!(answer.contains("this node is cut off from the log"), "{answer}");
}
