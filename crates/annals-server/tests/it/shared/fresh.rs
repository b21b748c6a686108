//! Reads that must know of what others have stored wait until the server does.

use std::sync::Arc;

use annals_core::{Freshness, MemoryBackend, Position};
use annals_proto::annals::{
    CatchUpRequest, GetHeadRequest, catch_up_request::To, store_client::StoreClient,
};
use tonic::{Code, Request};

use super::{LONG, door::Door, server};
use crate::{
    reading::{Asked, Reader, told},
    running::{Channel, Running},
};

/// A server on one of two nodes, which does not know of everything.
async fn lagging() -> (Running, Arc<Door>) {
    let store = Arc::new(MemoryBackend::new());
    let (running, door) = server(&store, LONG).await;
    let address = running.address().to_string();
    door.tell(&[("n1", address, true), ("n2", "127.0.0.1:1".to_owned(), true)]);
    door.lag(true);
    (running, door)
}

async fn own(running: &Running) -> StoreClient<Channel> {
    StoreClient::with_origin(running.connect().await, running.origin())
}

#[tokio::test]
async fn a_read_that_requires_the_leader_sees_what_others_had_stored() {
    let (running, door) = lagging().await;
    let mut reader = Reader::new(&running).await.with("requires-leader", "true");
    let read = async { reader.events(Asked::stream("s")).await };
    let others = async {
        assert_eq!(door.asked(1).await, [Freshness::Leader]);
        running.append("s", &["a"]).await;
        door.lag(false);
    };
    let (events, ()) = futures_lite::future::zip(read, others).await;
    assert_eq!(told(&events), [(0, "{}".to_owned())]);
}

#[tokio::test]
async fn a_read_that_does_not_require_the_leader_waits_for_nobody() {
    let (running, door) = lagging().await;
    running.append("s", &["a"]).await;
    let mut reader = Reader::new(&running).await;
    assert_eq!(reader.events(Asked::stream("s")).await.len(), 1);
    let mut reader = Reader::new(&running).await.with("requires-leader", "false");
    assert_eq!(reader.events(Asked::stream("s")).await.len(), 1);
    assert!(door.asked(0).await.is_empty());
}

#[tokio::test]
async fn where_no_other_node_has_a_copy_the_leader_is_never_asked() {
    let store = Arc::new(MemoryBackend::new());
    let (running, door) = server(&store, LONG).await;
    running.append("s", &["a"]).await;
    let mut reader = Reader::new(&running).await.with("requires-leader", "true");
    assert_eq!(reader.events(Asked::stream("s")).await.len(), 1);
    assert!(door.asked(0).await.is_empty());
}

#[tokio::test]
async fn any_call_can_ask_for_a_position() {
    let (running, door) = lagging().await;
    let mut client = own(&running).await;
    let mut request = Request::new(GetHeadRequest {});
    request.metadata_mut().insert("annals-at-least", "0".parse().unwrap());
    let others = async {
        assert_eq!(door.asked(1).await, [Freshness::Position(Position::new(0))]);
        running.append("s", &["a"]).await;
        door.lag(false);
    };
    let (head, ()) = futures_lite::future::zip(client.get_head(request), others).await;
    assert_eq!(head.unwrap().into_inner().position, Some(0));

    let mut wrong = Request::new(GetHeadRequest {});
    wrong.metadata_mut().insert("annals-at-least", "soon".parse().unwrap());
    assert_eq!(client.get_head(wrong).await.unwrap_err().code(), Code::InvalidArgument);
    // What the store has not given yet is answered at once as not there.
    let mut beyond = Request::new(GetHeadRequest {});
    beyond.metadata_mut().insert("annals-at-least", "9".parse().unwrap());
    assert_eq!(client.get_head(beyond).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn catching_up_is_a_call_of_its_own_too() {
    let (running, door) = lagging().await;
    let mut client = own(&running).await;
    let latest = CatchUpRequest { to: Some(To::Latest(())) };
    let others = async {
        assert_eq!(door.asked(1).await, [Freshness::Latest]);
        running.append("s", &["a", "b"]).await;
        door.lag(false);
    };
    let (head, ()) = futures_lite::future::zip(client.catch_up(latest), others).await;
    assert_eq!(head.unwrap().into_inner().position, Some(1));
    let nowhere = client.catch_up(CatchUpRequest { to: None }).await.unwrap_err();
    assert_eq!(nowhere.code(), Code::InvalidArgument);
}
