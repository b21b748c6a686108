//! Making, changing, listing and deleting groups, and what is told of them.

use annals_proto::kurrentdb::{
    Empty,
    persistent_subscriptions::{
        ListReq,
        create_req::{self, Settings},
        list_req::{self, options::ListOption, stream_option::StreamOption},
        update_req,
    },
};
use tonic::{Code, Status};

use super::trial::{Client, changed, identifier, of_all, of_stream, settings};
use crate::running::Running;

/// The code and the trailer by which clients know what went wrong.
fn kind(status: &Status) -> (Code, &str) {
    let kind = status.metadata().get("exception").map_or("", |kind| kind.to_str().unwrap());
    (status.code(), kind)
}

const MISSING: (Code, &str) = (Code::NotFound, "persistent-subscription-does-not-exist");
const FAILED: (Code, &str) = (Code::Internal, "persistent-subscription-failed");
const DROPPED: (Code, &str) = (Code::Cancelled, "persistent-subscription-dropped");

fn new_settings() -> update_req::Settings {
    update_req::Settings {
        max_retry_count: 3,
        live_buffer_size: 5,
        read_batch_size: 2,
        history_buffer_size: 6,
        named_consumer_strategy: update_req::ConsumerStrategy::Pinned.into(),
        ..update_req::Settings::default()
    }
}

#[tokio::test]
async fn a_group_is_made_once_and_is_told_of() {
    let running = Running::start().await;
    running.append("s", &["a", "b"]).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let again = client.create(of_stream("s", settings())).await.unwrap_err();
    assert_eq!(kind(&again), (Code::AlreadyExists, "persistent-subscription-exists"));
    let consumer = client.read("s", 7).await.unwrap();
    assert_eq!(consumer.id, "s::g");
    let info = client.until("s", |info| info.total_in_flight_messages == 2).await;
    assert_eq!((info.event_source.as_str(), info.group_name.as_str()), ("s", "g"));
    assert_eq!((info.start_from.as_str(), info.status.as_str()), ("0", "Live"));
    assert_eq!(info.last_known_event_position, "1");
    assert_eq!(info.last_checkpointed_event_position, "");
    assert_eq!(info.named_consumer_strategy, "RoundRobin");
    assert_eq!((info.buffer_size, info.read_batch_size, info.live_buffer_size), (500, 20, 500));
    assert_eq!((info.message_timeout_milliseconds, info.max_retry_count), (30_000, 10));
    assert_eq!(info.total_items, 2);
    let connection = info.connections.first().unwrap();
    assert_eq!((connection.available_slots, connection.in_flight_messages), (5, 2));
    assert!(connection.from.starts_with("127.0.0.1:"), "{}", connection.from);
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    assert_eq!(kind(&client.info("s").await.unwrap_err()), MISSING);
    assert_eq!(kind(&client.delete("s").await.unwrap_err()), MISSING);
    assert_eq!(kind(&client.replay("s", 1).await.unwrap_err()), MISSING);
    assert_eq!(kind(&client.truncate("s", 1).await.unwrap_err()), MISSING);
    assert_eq!(kind(&client.read("s", 1).await.err().unwrap()), MISSING);
    let missing = client.update(changed("s", new_settings())).await.unwrap_err();
    assert_eq!(kind(&missing), MISSING);
    assert_eq!(missing.metadata().get("group-name").unwrap(), "g");
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    let batch = Settings { read_batch_size: 500, ..settings() };
    let failed = client.create(of_stream("s", batch)).await.unwrap_err();
    assert_eq!(kind(&failed), FAILED);
    let strategy = Settings { consumer_strategy: "Random".to_owned(), ..settings() };
    let failed = client.create(of_stream("s", strategy)).await.unwrap_err();
    assert!(failed.message().contains("Consumer strategy Random does not exist."), "{failed}");
    let mut beyond = of_all(None);
    if let Some(create_req::options::StreamOption::All(all)) =
        beyond.options.as_mut().and_then(|options| options.stream_option.as_mut())
    {
        let position = create_req::Position { commit_position: 9, prepare_position: 9 };
        all.all_option = Some(create_req::all_options::AllOption::Position(position));
    }
    assert_eq!(kind(&client.create(beyond).await.unwrap_err()), FAILED);
    assert_eq!(kind(&client.info("s").await.unwrap_err()), MISSING);
}

#[tokio::test]
async fn consumers_have_to_come_again_when_their_group_changes_or_goes() {
    let running = Running::start().await;
    running.append("s", &["a"]).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let consumer = client.read("s", 1).await.unwrap();
    client.update(changed("s", new_settings())).await.unwrap();
    assert_eq!(kind(&consumer.end().await), DROPPED);
    let info = client.info("s").await.unwrap();
    assert_eq!((info.max_retry_count, info.named_consumer_strategy.as_str()), (3, "Pinned"));
    let consumer = client.read("s", 1).await.unwrap();
    client.restart().await;
    assert_eq!(kind(&consumer.end().await), DROPPED);
    let mut consumer = client.read("s", 1).await.unwrap();
    assert_eq!(consumer.names(1).await, ["a"], "nobody had acknowledged it");
    client.delete("s").await.unwrap();
    assert_eq!(kind(&consumer.end().await), DROPPED);
    assert_eq!(kind(&client.info("s").await.unwrap_err()), MISSING);
}

#[tokio::test]
async fn a_group_has_no_more_consumers_than_it_allows() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    let one = Settings { max_subscriber_count: 1, ..settings() };
    client.create(of_stream("s", one)).await.unwrap();
    let first = client.read("s", 1).await.unwrap();
    let second = client.read("s", 1).await.err().unwrap();
    assert_eq!(kind(&second), (Code::FailedPrecondition, "maximum-subscribers-reached"));
    assert!(second.message().starts_with("Maximum subscriptions reached"), "{second}");
    drop(first);
    client.until("s", |info| info.connections.is_empty()).await;
    client.read("s", 1).await.unwrap();
}

#[tokio::test]
async fn groups_are_listed_by_what_they_follow() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    let all = || ListOption::ListAllSubscriptions(Empty {});
    let of = |stream| {
        let stream_option = Some(stream);
        ListOption::ListForStream(list_req::StreamOption { stream_option })
    };
    let of_stream_s = || of(StreamOption::Stream(identifier("s")));
    let request = |option| {
        let list_option = Some(option);
        ListReq { options: Some(list_req::Options { list_option }) }
    };
    assert!(client.0.list(request(all())).await.unwrap().into_inner().subscriptions.is_empty());
    let missing = client.0.list(request(of_stream_s())).await.unwrap_err();
    assert_eq!(kind(&missing), MISSING);
    assert_eq!(missing.metadata().get("group-name").unwrap(), "");
    client.create(of_stream("s", settings())).await.unwrap();
    client.create(of_stream("t", settings())).await.unwrap();
    client.create(of_all(None)).await.unwrap();
    for (option, expected) in [
        (all(), vec!["$all", "s", "t"]),
        (of_stream_s(), vec!["s"]),
        (of(StreamOption::All(Empty {})), vec!["$all"]),
    ] {
        let listed = client.0.list(request(option)).await.unwrap().into_inner();
        let sources = listed.subscriptions.iter().map(|info| info.event_source.as_str());
        assert_eq!(sources.collect::<Vec<_>>(), expected);
    }
}
