//! Groups of the whole store, with and without a filter, and links.

use annals_core::{Append, Backend, EventType, ExpectedVersion, NewEvent};
use annals_proto::kurrentdb::{
    StreamIdentifier,
    persistent_subscriptions::{
        create_req::{
            Settings,
            all_options::{
                FilterOptions,
                filter_options::{Expression, Filter, Window},
            },
        },
        read_req::nack::Action,
    },
    streams::{
        ReadReq,
        read_req::{
            Options,
            options::{
                AllOptions, CountOption, FilterOption, StreamOption, UuidOption,
                all_options::AllOption, uuid_option,
            },
        },
        read_resp::Content,
        streams_client::StreamsClient,
    },
};

use super::trial::{Client, of_all, of_stream, settings};
use crate::running::{Running, name};

fn filter(filter: Filter) -> FilterOptions {
    let window = Some(Window::Max(1));
    FilterOptions { filter: Some(filter), window, checkpoint_interval_multiplier: 1 }
}

#[tokio::test]
async fn a_filter_picks_by_stream_or_by_type() {
    let running = Running::start().await;
    running.append("account-1", &["opened", "closed"]).await;
    running.append("other-1", &["opened"]).await;
    running.append("account-2", &["opened"]).await;
    let mut client = Client::of(&running).await;
    let prefix = Expression { prefix: vec!["account-".to_owned()], ..Expression::default() };
    client.create(of_all(Some(filter(Filter::StreamIdentifier(prefix))))).await.unwrap();
    let mut consumer = client.read("$all", 9).await.unwrap();
    assert_eq!(consumer.id, "$all::g");
    assert_eq!(consumer.acked(3).await, ["opened", "closed", "opened"]);
    let mut other = of_all(Some(filter(Filter::EventType(Expression {
        regex: "^clo".to_owned(),
        ..Expression::default()
    }))));
    other.options.as_mut().unwrap().group_name = "h".to_owned();
    client.create(other).await.unwrap();
    drop(consumer);
    let running = Running::over(running.stop().await).await;
    running.append("account-3", &["reopened"]).await;
    let mut client = Client::of(&running).await;
    let mut consumer = client.read("$all", 9).await.unwrap();
    assert_eq!(consumer.acked(1).await, ["reopened"], "the filter is kept, and so is the place");
}

#[tokio::test]
async fn the_checkpoint_moves_also_where_nothing_matches() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    let regex = Expression { regex: "^never$".to_owned(), ..Expression::default() };
    let mut request = of_all(Some(filter(Filter::EventType(regex))));
    let options = request.options.as_mut().unwrap();
    options.settings = Some(Settings { max_checkpoint_count: 3, ..settings() });
    client.create(request).await.unwrap();
    running.append("s", &["a", "b", "c", "d", "e"]).await;
    let is_written = |position: &str| !position.is_empty();
    let info =
        client.until("$all", |info| is_written(&info.last_checkpointed_event_position)).await;
    assert!(info.last_checkpointed_event_position.starts_with("C:"), "{info:?}");
}

/// The types of all events that a client reads from the whole store.
async fn read_all(running: &Running) -> Vec<String> {
    let channel = running.connect().await;
    let mut streams = StreamsClient::with_origin(channel, running.origin());
    let content = Some(uuid_option::Content::String(annals_proto::kurrentdb::Empty {}));
    let all = AllOptions { all_option: Some(AllOption::Start(annals_proto::kurrentdb::Empty {})) };
    let options = Options {
        stream_option: Some(StreamOption::All(all)),
        count_option: Some(CountOption::Count(1_000)),
        filter_option: Some(FilterOption::NoFilter(annals_proto::kurrentdb::Empty {})),
        uuid_option: Some(UuidOption { content }),
        ..Options::default()
    };
    let mut answers = streams.read(ReadReq { options: Some(options) }).await.unwrap().into_inner();
    let mut types = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        if let Some(Content::Event(event)) = answer.content {
            types.push(event.event.unwrap().metadata.get("type").unwrap().clone());
        }
    }
    types
}

#[tokio::test]
async fn a_group_is_not_given_what_it_put_aside_and_no_reader_sees_it() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    client.create(of_all(None)).await.unwrap();
    let mut consumer = client.read("$all", 9).await.unwrap();
    let config = consumer.next().await.unwrap();
    assert_eq!(config.name(), "$PersistentConfig");
    consumer.nack(&config, Action::Park).await;
    assert_eq!(consumer.acked(1).await, ["$metadata"]);
    client.until("$all", |info| info.parked_message_count == 1).await;
    running.append("s", &["a"]).await;
    assert_eq!(consumer.acked(1).await, ["a"]);
    assert_eq!(read_all(&running).await, ["$PersistentConfig", "$metadata", "a"]);
}

#[tokio::test]
async fn links_are_followed_when_the_group_wants_it_and_answered_by_their_own_id() {
    let running = Running::start().await;
    running.append("s", &["a"]).await;
    let link = NewEvent::new(EventType::new("$>").unwrap(), "0@s");
    let nowhere = NewEvent::new(EventType::new("$>").unwrap(), "7@s");
    let links = Append::to(name("links"), ExpectedVersion::Any, [link, nowhere]);
    running.store.append(links).await.unwrap();
    let mut client = Client::of(&running).await;
    let resolving = Settings { resolve_links: true, ..settings() };
    client.create(of_stream("links", resolving)).await.unwrap();
    let mut consumer = client.read("links", 9).await.unwrap();
    let got = consumer.next().await.unwrap();
    assert_eq!(got.name(), "a");
    let (event, link) = (got.event.event.as_ref().unwrap(), got.event.link.as_ref().unwrap());
    let named = |stream: &Option<StreamIdentifier>| stream.clone().unwrap().stream_name;
    assert_eq!(named(&event.stream_identifier), "s");
    assert_eq!(named(&link.stream_identifier), "links");
    assert_eq!(event.commit_position, link.commit_position, "both tell where the link stands");
    consumer.ack(&got).await;
    let nowhere = consumer.next().await.unwrap();
    assert!(nowhere.event.event.is_none() && nowhere.event.link.is_some());
    consumer.ack(&nowhere).await;
    client.until("links", |info| info.total_in_flight_messages == 0).await;
}
