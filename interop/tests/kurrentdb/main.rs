//! What users of the crate `kurrentdb` do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod groups;
mod secured;

use annals_interop::server;
use annals_testbed::annals::Annals;
use kurrentdb::{
    AppendToStreamOptions, BatchAppendOptions, Client, CurrentRevision, DeleteStreamOptions, Error,
    EventData, Position, ReadAllOptions, ReadEvent, ReadStreamOptions, StreamMetadataBuilder,
    StreamPosition, StreamState, SubscribeToAllOptions, SubscribeToStreamOptions,
    SubscriptionEvent, SubscriptionFilter, TombstoneStreamOptions,
};
use serde_json::json;

fn connect(server: &Annals) -> Client {
    Client::new(server.kurrentdb().parse().unwrap()).unwrap()
}

fn events(count: u64) -> Vec<EventData> {
    (0..count).map(|n| EventData::json("opened", &json!({ "n": n })).unwrap()).collect()
}

fn expecting(state: StreamState) -> AppendToStreamOptions {
    AppendToStreamOptions::default().stream_state(state)
}

async fn append(client: &Client, stream: &str, count: u64) -> Position {
    let options = expecting(StreamState::Any);
    client.append_to_stream(stream, &options, events(count)).await.unwrap().position
}

async fn versions(client: &Client, stream: &str, options: &ReadStreamOptions) -> Vec<u64> {
    let mut read = client.read_stream(stream, options).await.unwrap();
    let mut versions = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        versions.push(event.get_original_event().revision);
    }
    versions
}

async fn positions(client: &Client, options: &ReadAllOptions) -> Vec<u64> {
    let mut read = client.read_all(options).await.unwrap();
    let mut positions = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        positions.push(event.get_original_event().position.commit);
    }
    positions
}

#[tokio::test]
async fn every_expected_version_is_kept_and_conflicts_are_the_clients_own() {
    let server = server().unwrap();
    let client = connect(&server);
    let write =
        async |state, stream| client.append_to_stream(stream, &expecting(state), events(1)).await;
    assert_eq!(write(StreamState::NoStream, "a-1").await.unwrap().next_expected_version, 0);
    assert_eq!(
        write(StreamState::StreamRevision(0), "a-1").await.unwrap().next_expected_version,
        1
    );
    assert_eq!(write(StreamState::StreamExists, "a-1").await.unwrap().next_expected_version, 2);
    assert_eq!(write(StreamState::Any, "a-1").await.unwrap().next_expected_version, 3);
    for state in [StreamState::NoStream, StreamState::StreamRevision(1)] {
        let error = write(state, "a-1").await.unwrap_err();
        let Error::WrongExpectedVersion { current, .. } = error else { panic!("{error}") };
        assert_eq!(current, CurrentRevision::Current(3));
    }
    let error = write(StreamState::StreamExists, "a-2").await.unwrap_err();
    assert!(matches!(error, Error::WrongExpectedVersion { .. }), "{error}");
}

#[tokio::test]
async fn a_stream_is_read_both_ways_and_says_where_it_ends() {
    let server = server().unwrap();
    let client = connect(&server);
    append(&client, "a-1", 40).await;
    let all = ReadStreamOptions::default().position(StreamPosition::Start);
    assert_eq!(versions(&client, "a-1", &all).await, (0..40).collect::<Vec<_>>());
    let back = ReadStreamOptions::default().backwards().position(StreamPosition::End).max_count(3);
    assert_eq!(versions(&client, "a-1", &back).await, [39, 38, 37]);
    let tail = ReadStreamOptions::default().position(StreamPosition::Position(38));
    assert_eq!(versions(&client, "a-1", &tail).await, [38, 39]);

    let mut read = client.read_stream("a-1", &all).await.unwrap();
    let mut last = None;
    while let Some(event) = read.next_read_event().await.unwrap() {
        if let ReadEvent::LastStreamPosition(position) = event {
            last = Some(position);
        }
    }
    assert_eq!(last, Some(39));
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_not_found() {
    let server = server().unwrap();
    let client = connect(&server);
    let mut read = client.read_stream("a-1", &ReadStreamOptions::default()).await.unwrap();
    let error = read.next().await.unwrap_err();
    assert!(matches!(error, Error::ResourceNotFound), "{error}");
}

#[tokio::test]
async fn everything_is_read_in_one_order_and_through_filters() {
    let server = server().unwrap();
    let client = connect(&server);
    let first = append(&client, "a-1", 3).await;
    append(&client, "b-1", 2).await;
    let all = positions(&client, &ReadAllOptions::default().position(StreamPosition::Start)).await;
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted());
    let back = ReadAllOptions::default().backwards().position(StreamPosition::End);
    let reversed: Vec<_> = all.iter().rev().copied().collect();
    assert_eq!(positions(&client, &back).await, reversed);
    let from = ReadAllOptions::default().position(StreamPosition::Position(first));
    assert_eq!(positions(&client, &from).await, all[2..]);
    for filter in [
        SubscriptionFilter::on_stream_name().add_prefix("b-"),
        SubscriptionFilter::on_stream_name().regex("^b"),
    ] {
        let options = ReadAllOptions::default().position(StreamPosition::Start).filter(filter);
        assert_eq!(positions(&client, &options).await, all[3..]);
    }
}

#[tokio::test]
async fn a_stream_is_followed_from_a_checkpoint_into_what_comes() {
    let server = server().unwrap();
    let client = connect(&server);
    append(&client, "a-1", 3).await;
    let options = SubscribeToStreamOptions::default().start_from(StreamPosition::Position(0));
    let mut subscription = client.subscribe_to_stream("a-1", &options).await;
    let mut seen = Vec::new();
    loop {
        match subscription.next_subscription_event().await.unwrap() {
            SubscriptionEvent::EventAppeared(event) => {
                seen.push(event.get_original_event().revision);
            }
            SubscriptionEvent::CaughtUp(_) => {
                append(&client, "a-1", 1).await;
            }
            _ => {}
        }
        if seen.len() == 3 {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3]);
}

#[tokio::test]
async fn everything_is_followed_from_a_checkpoint() {
    let server = server().unwrap();
    let client = connect(&server);
    let first = append(&client, "a-1", 1).await;
    append(&client, "a-1", 1).await;
    let options = SubscribeToAllOptions::default()
        .position(StreamPosition::Position(first))
        .filter(SubscriptionFilter::on_event_type().exclude_system_events());
    let mut subscription = client.subscribe_to_all(&options).await;
    assert_eq!(subscription.next().await.unwrap().get_original_event().revision, 1);
    append(&client, "b-1", 1).await;
    assert_eq!(subscription.next().await.unwrap().get_original_stream_id(), "b-1");
}

#[tokio::test]
async fn settings_of_a_stream_are_kept_and_act() {
    let server = server().unwrap();
    let client = connect(&server);
    append(&client, "a-1", 5).await;
    let metadata = StreamMetadataBuilder::new().max_count(2).insert_custom_property("mine", "x");
    let options = expecting(StreamState::Any);
    client.set_stream_metadata("a-1", &options, &metadata.build()).await.unwrap();
    let found = client.get_stream_metadata("a-1", &ReadStreamOptions::default()).await.unwrap();
    assert!(found.is_success());
    let all = ReadStreamOptions::default().position(StreamPosition::Start);
    assert_eq!(versions(&client, "a-1", &all).await, [3, 4]);
}

#[tokio::test]
async fn a_deleted_stream_comes_back_and_a_tombstoned_one_does_not() {
    let server = server().unwrap();
    let client = connect(&server);
    append(&client, "a-1", 2).await;
    client.delete_stream("a-1", &DeleteStreamOptions::default()).await.unwrap();
    append(&client, "a-1", 1).await;
    let all = ReadStreamOptions::default().position(StreamPosition::Start);
    assert_eq!(versions(&client, "a-1", &all).await, [2]);

    client.tombstone_stream("a-1", &TombstoneStreamOptions::default()).await.unwrap();
    let error = client.read_stream("a-1", &all).await.err().unwrap();
    assert!(matches!(error, Error::ResourceDeleted), "{error}");
}

#[tokio::test]
async fn batches_go_over_one_call_and_conflicts_are_seen() {
    let server = server().unwrap();
    let client = connect(&server);
    let batches = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
    for n in 0..20 {
        let stream = format!("a-{n}");
        let done =
            batches.append_to_stream(&stream, StreamState::NoStream, events(3)).await.unwrap();
        assert_eq!(done.current_revision(), Some(2));
    }
    assert!(batches.append_to_stream("a-1", StreamState::NoStream, events(3)).await.is_err());
    // This client gives a call up after its first failure.
    let batches = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
    batches.append_to_stream("a-1", StreamState::StreamRevision(2), events(1)).await.unwrap();
}
