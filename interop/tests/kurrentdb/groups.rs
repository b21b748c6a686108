//! Persistent subscriptions, which this crate calls so too.

use annals_interop::server;
use kurrentdb::{
    Client, Error, NakAction, PersistentSubscriptionOptions, PersistentSubscriptionToAllOptions,
    ReplayParkedMessagesOptions, ResolvedEvent, StreamPosition,
    SubscribeToPersistentSubscriptionOptions, SubscribeToStreamOptions, SubscriptionFilter,
};

use crate::{append, connect};

async fn create(client: &Client) -> Result<(), Error> {
    let options = PersistentSubscriptionOptions::default().start_from(StreamPosition::Start);
    client.create_persistent_subscription("a-1", "mailer", &options).await
}

fn one_at_a_time() -> SubscribeToPersistentSubscriptionOptions {
    SubscribeToPersistentSubscriptionOptions::default().buffer_size(1)
}

fn version(event: &ResolvedEvent) -> u64 {
    event.get_original_event().revision
}

#[tokio::test]
async fn two_consumers_share_the_events_of_a_stream() {
    let server = server().unwrap();
    let client = connect(&server);
    append(&client, "a-1", 6).await;
    create(&client).await.unwrap();
    let join = async || {
        client.subscribe_to_persistent_subscription("a-1", "mailer", &one_at_a_time()).await
    };
    let (mut first, mut second) = (join().await.unwrap(), join().await.unwrap());
    let mut seen = Vec::new();
    for _ in 0..3 {
        // Each holds one before either gives its own back.
        let (one, other) = (first.next().await.unwrap(), second.next().await.unwrap());
        seen.extend([version(&one), version(&other)]);
        first.ack(&one).await.unwrap();
        second.ack(&other).await.unwrap();
    }
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_group_is_made_once_and_can_be_taken_away() {
    let server = server().unwrap();
    let client = connect(&server);
    create(&client).await.unwrap();
    let again = create(&client).await.unwrap_err();
    assert!(matches!(again, Error::ResourceAlreadyExists), "{again}");
    let groups =
        client.list_persistent_subscriptions_for_stream("a-1", &Default::default()).await.unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].group_name, "mailer");
    let delete =
        async || client.delete_persistent_subscription("a-1", "mailer", &Default::default()).await;
    delete().await.unwrap();
    let gone = delete().await.unwrap_err();
    assert!(matches!(gone, Error::ResourceNotFound), "{gone}");
}

#[tokio::test]
async fn what_is_parked_comes_again_when_it_is_replayed() {
    let server = server().unwrap();
    let client = connect(&server);
    append(&client, "a-1", 1).await;
    create(&client).await.unwrap();
    let mut consumer = client
        .subscribe_to_persistent_subscription("a-1", "mailer", &one_at_a_time())
        .await
        .unwrap();
    let event = consumer.next().await.unwrap();
    consumer.nack(&event, NakAction::Park, "no address").await.unwrap();
    let from_first = SubscribeToStreamOptions::default().start_from(StreamPosition::Start);
    let parked = "$persistentsubscription-a-1::mailer-parked";
    client.subscribe_to_stream(parked, &from_first).await.next().await.unwrap();
    let all = ReplayParkedMessagesOptions::default();
    client.replay_parked_messages("a-1", "mailer", &all).await.unwrap();
    let again = consumer.next().await.unwrap();
    assert_eq!(version(&again), 0);
    consumer.ack(&again).await.unwrap();
}

#[tokio::test]
async fn a_group_of_everything_has_a_filter() {
    let server = server().unwrap();
    let client = connect(&server);
    append(&client, "a-1", 1).await;
    append(&client, "b-1", 2).await;
    let filter = SubscriptionFilter::on_stream_name().add_prefix("b-");
    let options = PersistentSubscriptionToAllOptions::default()
        .start_from(StreamPosition::Start)
        .filter(filter);
    client.create_persistent_subscription_to_all("reports", &options).await.unwrap();
    let mut consumer = client
        .subscribe_to_persistent_subscription_to_all("reports", &one_at_a_time())
        .await
        .unwrap();
    for expected in [0, 1] {
        let event = consumer.next().await.unwrap();
        assert_eq!(event.get_original_event().stream_id(), "b-1");
        assert_eq!(version(&event), expected);
        consumer.ack(&event).await.unwrap();
    }
}
