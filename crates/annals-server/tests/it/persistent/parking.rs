//! Events that consumers cannot deal with: parked, looked at, tried again, forgotten.

use annals_core::{Backend, Read, ReadStream, RecordedEvent};
use annals_proto::kurrentdb::persistent_subscriptions::{
    create_req::Settings, read_req::nack::Action,
};
use futures_util::TryStreamExt;

use super::trial::{Client, Consumer, of_stream, settings};
use crate::running::{Running, name};

const PARKED: &str = "$persistentsubscription-s::g-parked";

async fn parked(running: &Running) -> Vec<RecordedEvent> {
    let read = Read::Stream(ReadStream::new(name(PARKED)));
    running.store.read(read).try_collect().await.unwrap()
}

/// A group with three events, all of them parked.
async fn three_parked(running: &Running) -> (Client, Consumer) {
    running.append("s", &["a", "b", "c"]).await;
    let mut client = Client::of(running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let mut consumer = client.read("s", 9).await.unwrap();
    for _ in 0..3 {
        let got = consumer.next().await.unwrap();
        consumer.nack(&got, Action::Park).await;
    }
    client.until("s", |info| info.parked_message_count == 3).await;
    (client, consumer)
}

#[tokio::test]
async fn a_parked_event_is_a_link_that_says_why() {
    let running = Running::start().await;
    three_parked(&running).await;
    let parked = parked(&running).await;
    let links: Vec<_> = parked.iter().map(|link| link.data.clone()).collect();
    assert_eq!(links, ["0@s", "1@s", "2@s"]);
    let first = parked.first().unwrap();
    assert_eq!(first.event_type.as_str(), "$>");
    let why: serde_json::Value = serde_json::from_slice(first.metadata.as_bytes()).unwrap();
    assert_eq!((&why["reason"], &why["subscriptionEventNumber"]), (&"not now".into(), &0.into()));
}

#[tokio::test]
async fn what_was_tried_too_often_is_parked() {
    let running = Running::start().await;
    running.append("s", &["a", "b"]).await;
    let mut client = Client::of(&running).await;
    let once = Settings { max_retry_count: 1, ..settings() };
    client.create(of_stream("s", once)).await.unwrap();
    let mut consumer = client.read("s", 1).await.unwrap();
    for retries in 0..=1 {
        let got = consumer.next().await.unwrap();
        assert_eq!((got.name(), got.retries()), ("a", retries));
        consumer.nack(&got, Action::Retry).await;
    }
    assert_eq!(consumer.names(1).await, ["b"]);
    client.until("s", |info| info.parked_message_count == 1).await;
}

#[tokio::test]
async fn parked_events_are_tried_again_as_links() {
    let running = Running::start().await;
    let (mut client, mut consumer) = three_parked(&running).await;
    client.replay("s", 2).await.unwrap();
    for expected in ["a", "b"] {
        let got = consumer.next().await.unwrap();
        let link = got.event.link.as_ref().unwrap();
        let stream = &link.stream_identifier.as_ref().unwrap().stream_name;
        assert_eq!((got.name(), stream.as_ref()), (expected, PARKED.as_bytes()));
        consumer.ack(&got).await;
    }
    assert_eq!(client.info("s").await.unwrap().parked_message_count, 1);
    client.replay("s", 9).await.unwrap();
    let got = consumer.next().await.unwrap();
    consumer.nack(&got, Action::Park).await;
    client.until("s", |info| info.parked_message_count == 1).await;
    let store = running.stop().await;
    let running = Running::over(store).await;
    let links: Vec<_> = parked(&running).await.into_iter().map(|link| link.data).collect();
    assert_eq!(links, ["2@s"], "what is finished is cut off, and what was parked again is not");
}

#[tokio::test]
async fn parked_events_that_are_not_finished_are_still_parked_after_a_restart() {
    let running = Running::start().await;
    let (mut client, mut consumer) = three_parked(&running).await;
    client.replay("s", 9).await.unwrap();
    assert_eq!(consumer.acked(1).await, ["a"]);
    assert_eq!(consumer.names(2).await, ["b", "c"]);
    client.until("s", |info| info.total_in_flight_messages == 2).await;
    let running = Running::over(running.stop().await).await;
    let mut client = Client::of(&running).await;
    assert_eq!(client.info("s").await.unwrap().parked_message_count, 2);
    client.replay("s", 9).await.unwrap();
    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(2).await, ["b", "c"]);
}

#[tokio::test]
async fn parked_events_can_be_forgotten() {
    let running = Running::start().await;
    let (mut client, _consumer) = three_parked(&running).await;
    assert!(client.truncate("s", -1).await.is_err() && client.replay("s", -1).await.is_err());
    client.truncate("s", 2).await.unwrap();
    assert_eq!(client.info("s").await.unwrap().parked_message_count, 1);
    assert_eq!(parked(&running).await.len(), 1);
    client.truncate("s", 9).await.unwrap();
    assert!(parked(&running).await.is_empty());
}

#[tokio::test]
async fn a_group_that_is_deleted_leaves_nothing_to_one_of_its_name() {
    let running = Running::start().await;
    let (mut client, consumer) = three_parked(&running).await;
    client.delete("s").await.unwrap();
    consumer.end().await;
    client.create(of_stream("s", settings())).await.unwrap();
    assert_eq!(client.info("s").await.unwrap().parked_message_count, 0);
    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(3).await, ["a", "b", "c"], "it begins anew");
}
