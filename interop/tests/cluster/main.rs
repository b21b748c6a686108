//! What users of the crate `kurrentdb` do with two servers of one cluster.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use annals_interop::Clustered;
use annals_testbed::{is_required, nats::Installation};
use kurrentdb::{
    AppendToStreamOptions, Client, Error, EventData, PersistentSubscriptionOptions, ReadAllOptions,
    ReadStreamOptions, ResolvedEvent, StreamPosition, StreamState, SubscribeToAllOptions,
    SubscribeToPersistentSubscriptionOptions,
};
use libtest_mimic::{Arguments, Completion, Trial};
use serde_json::json;
use tokio::runtime::Runtime;

/// Far more than a client takes to find another server.
const PATIENCE: Duration = Duration::from_secs(40);

fn main() {
    let missing = Installation::find().err();
    let trial = |name, test: fn(&Runtime)| {
        let missing = missing.clone();
        Trial::ignorable_test(name, move || match missing {
            Some(reason) if is_required("nats") => {
                Err(format!("ANNALS_REQUIRE asks for it, but {reason}").into())
            }
            Some(reason) => Ok(Completion::ignored_with(reason)),
            None => {
                test(&Runtime::new()?);
                Ok(Completion::Completed)
            }
        })
    };
    let trials = vec![
        trial("positions_are_the_same_at_both", |runtime| runtime.block_on(positions())),
        trial("who_knows_both_goes_on_when_either_is_killed", |runtime| {
            runtime.block_on(kills());
        }),
        trial("a_subscription_goes_on_at_the_other", |runtime| runtime.block_on(subscription())),
        trial("a_group_is_consumed_through_either", |runtime| runtime.block_on(group())),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

async fn positions() {
    let cluster = Clustered::start().unwrap();
    let [one, two] = cluster.servers.each_ref().map(|server| connect(&server.kurrentdb()));
    for number in 0..10 {
        append(&one, "a-1", number).await.unwrap();
        append(&two, "b-1", number).await.unwrap();
    }
    let seen = [places(&one).await, places(&two).await];
    assert_eq!(seen[0].len(), 20);
    assert_eq!(seen[0], seen[1]);
}

async fn kills() {
    let mut cluster = Clustered::start().unwrap();
    let mut client = connect(&cluster.kurrentdb());
    for number in 0..60 {
        // Whichever the client is at, one of the two is its own.
        match number {
            20 => cluster.servers[0].kill().unwrap(),
            40 => {
                cluster.servers[0].start_again().unwrap();
                cluster.servers[1].kill().unwrap();
            }
            _ => {}
        }
        let event = counted(number);
        let state =
            number.checked_sub(1).map_or(StreamState::NoStream, StreamState::StreamRevision);
        let options = AppendToStreamOptions::default().stream_state(state);
        let begun = Instant::now();
        while let Err(error) = client.append_to_stream("a-1", &options, event.clone()).await {
            assert!(!matches!(error, Error::WrongExpectedVersion { .. }), "{error}");
            assert!(begun.elapsed() < PATIENCE, "{error}");
            // This client (1.2.0) finds a server by gossip, and keeps to it when it is gone.
            client = connect(&cluster.kurrentdb());
        }
    }
    let numbers: Vec<_> = read(&client, "a-1").await.iter().map(number_of).collect();
    assert_eq!(numbers, (0..60).collect::<Vec<_>>());
}

async fn subscription() {
    let mut cluster = Clustered::start().unwrap();
    let [one, two] = cluster.servers.each_ref().map(|server| connect(&server.kurrentdb()));
    for number in 0..20 {
        append(&one, "a-1", number).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut events = one.subscribe_to_all(&SubscribeToAllOptions::default()).await;
    while seen.len() < 12 {
        seen.push(events.next().await.unwrap());
    }
    cluster.servers[0].kill().unwrap();
    let last = seen.last().unwrap().get_original_event().position;
    let options = SubscribeToAllOptions::default().position(StreamPosition::Position(last));
    let mut events = two.subscribe_to_all(&options).await;
    for number in 20..25 {
        append(&two, "a-1", number).await.unwrap();
    }
    while seen.len() < 25 {
        seen.push(events.next().await.unwrap());
    }
    assert_eq!(seen.iter().map(number_of).collect::<Vec<_>>(), (0..25).collect::<Vec<_>>());
}

async fn group() {
    let cluster = Clustered::start().unwrap();
    let [one, two] = cluster.servers.each_ref().map(|server| connect(&server.kurrentdb()));
    for number in 0..10 {
        append(&one, "a-1", number).await.unwrap();
    }
    let from_start = PersistentSubscriptionOptions::default().start_from(StreamPosition::Start);
    one.create_persistent_subscription("a-1", "mailer", &from_start).await.unwrap();
    let join = SubscribeToPersistentSubscriptionOptions::default();
    let join = async || two.subscribe_to_persistent_subscription("a-1", "mailer", &join).await;
    let Err(Error::NotLeaderException(leader)) = join().await else {
        panic!("the other server drives the group")
    };
    assert_eq!(leader.port, u32::from(cluster.servers[0].port()));
    // It has gone to the one that it was told of.
    let mut consumer = join().await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 10 {
        let event = consumer.next().await.unwrap();
        consumer.ack(&event).await.unwrap();
        seen.push(number_of(&event));
    }
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
}

fn connect(url: &str) -> Client {
    Client::new(url.parse().unwrap()).unwrap()
}

fn counted(number: u64) -> EventData {
    EventData::json("counted", &json!({ "n": number })).unwrap()
}

fn number_of(event: &ResolvedEvent) -> u64 {
    let data: serde_json::Value = event.get_original_event().as_json().unwrap();
    data["n"].as_u64().unwrap()
}

async fn append(client: &Client, stream: &str, number: u64) -> Result<(), Error> {
    let options = AppendToStreamOptions::default().stream_state(StreamState::Any);
    client.append_to_stream(stream, &options, counted(number)).await.map(drop)
}

async fn read(client: &Client, stream: &str) -> Vec<ResolvedEvent> {
    let mut read = client.read_stream(stream, &ReadStreamOptions::default()).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        events.push(event);
    }
    events
}

async fn places(client: &Client) -> Vec<(String, u64, u64)> {
    let mut read = client.read_all(&ReadAllOptions::default()).await.unwrap();
    let mut places = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        let event = event.get_original_event();
        places.push((event.stream_id().to_owned(), event.revision, event.position.commit));
    }
    places
}
