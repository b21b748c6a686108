//! How far a group is, as `/metrics` has it.

use std::time::Duration;

use annals_proto::kurrentdb::persistent_subscriptions::read_req::nack::Action;
use tokio::time;

use super::trial::{Client, of_stream, settings};
use crate::running::Running;

/// How long a figure may take to become as it should be.
const PATIENCE: Duration = Duration::from_secs(30);

async fn metrics(running: &Running) -> String {
    running.get("/metrics").await
}

/// Waits until all figures of the group are as they should be.
async fn until(running: &Running, figures: [(&str, &str); 3]) {
    let mut text = String::new();
    let is_so = |text: &str| {
        figures.iter().all(|(figure, value)| {
            let line = format!("annals_subscription_{figure}{{subscription=\"s::g\"}} {value}");
            text.lines().any(|found| found == line)
        })
    };
    let waits = async {
        while !is_so(&text) {
            text = metrics(running).await;
        }
    };
    assert!(time::timeout(PATIENCE, waits).await.is_ok(), "{figures:?}\n{text}");
}

#[tokio::test]
async fn what_a_group_has_not_finished_is_its_lag_and_parked_events_are_not() {
    let running = Running::start().await;
    running.append("s", &["a", "b", "c"]).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let mut consumer = client.read("s", 2).await.unwrap();
    let first = consumer.next().await.unwrap();
    let second = consumer.next().await.unwrap();
    let figures = [("lag_events", "3.0"), ("inflight_messages", "2.0"), ("parked_messages", "0.0")];
    until(&running, figures).await;
    assert!(!metrics(&running).await.contains("lag_seconds{subscription=\"s::g\"} 0.0\n"));

    consumer.ack(&first).await;
    let third = consumer.next().await.unwrap();
    consumer.nack(&second, Action::Park).await;
    consumer.ack(&third).await;
    let figures = [("lag_events", "0.0"), ("inflight_messages", "0.0"), ("parked_messages", "1.0")];
    until(&running, figures).await;
    assert!(metrics(&running).await.contains("lag_seconds{subscription=\"s::g\"} 0.0\n"));
    assert!(metrics(&running).await.contains("annals_catch_up_lag_events 0\n"));
}
