//! Where a group goes on after the server, or the subsystem, was stopped.

use annals_proto::kurrentdb::{
    Empty,
    persistent_subscriptions::create_req::{
        Settings, options::StreamOption, settings::CheckpointAfter, stream_options::RevisionOption,
    },
};

use super::trial::{Client, of_stream, settings};
use crate::running::Running;

#[tokio::test]
async fn a_group_goes_on_where_it_was() {
    let running = Running::start().await;
    running.append("s", &["a", "b", "c", "d"]).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(2).await, ["a", "b"]);
    assert_eq!(consumer.names(2).await, ["c", "d"]);
    client.until("s", |info| info.total_in_flight_messages == 2).await;
    let running = Running::over(running.stop().await).await;
    let mut client = Client::of(&running).await;
    assert_eq!(client.info("s").await.unwrap().last_checkpointed_event_position, "1");
    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(2).await, ["c", "d"]);
}

#[tokio::test]
async fn an_unfinished_event_holds_back_the_checkpoint() {
    let running = Running::start().await;
    running.append("s", &["a", "b", "c"]).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let mut consumer = client.read("s", 9).await.unwrap();
    let got = [
        consumer.next().await.unwrap(),
        consumer.next().await.unwrap(),
        consumer.next().await.unwrap(),
    ];
    consumer.ack(&got[2]).await;
    consumer.ack(&got[0]).await;
    client.until("s", |info| info.total_in_flight_messages == 1).await;
    client.restart().await;
    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(2).await, ["b", "c"]);
}

#[tokio::test]
async fn the_checkpoint_is_written_while_the_group_works() {
    let running = Running::start().await;
    running.append("s", &["a", "b", "c"]).await;
    let mut client = Client::of(&running).await;
    let soon = Settings {
        checkpoint_after: Some(CheckpointAfter::CheckpointAfterMs(1)),
        min_checkpoint_count: 1,
        ..settings()
    };
    client.create(of_stream("s", soon)).await.unwrap();
    let mut consumer = client.read("s", 9).await.unwrap();
    consumer.acked(2).await;
    client.until("s", |info| info.last_checkpointed_event_position == "1").await;
}

#[tokio::test]
async fn a_group_from_the_end_misses_nothing_while_the_server_is_down() {
    let running = Running::start().await;
    running.append("s", &["a", "b"]).await;
    let mut client = Client::of(&running).await;
    let mut request = of_stream("s", settings());
    if let Some(StreamOption::Stream(of)) =
        request.options.as_mut().and_then(|options| options.stream_option.as_mut())
    {
        of.revision_option = Some(RevisionOption::End(Empty {}));
    }
    client.create(request).await.unwrap();
    assert_eq!(client.info("s").await.unwrap().start_from, "-1");
    running.append("s", &["c"]).await;
    let running = Running::over(running.stop().await).await;
    let mut client = Client::of(&running).await;
    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.names(1).await, ["c"]);
}
