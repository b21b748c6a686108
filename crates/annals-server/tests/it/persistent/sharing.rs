//! How consumers share events, and what becomes of those that they do not finish.

use annals_proto::kurrentdb::persistent_subscriptions::{
    create_req::{Settings, settings::MessageTimeout},
    read_req::nack::Action,
};

use super::trial::{Client, Consumer, of_all, of_stream, settings};
use crate::running::{Running, event, name};
use annals_core::{Append, Backend, EventType, ExpectedVersion, NewEvent};
use tonic::Code;

/// Two consumers of the group, with so many slots each.
async fn pair(client: &mut Client, stream: &str, slots: i32) -> (Consumer, Consumer) {
    let first = client.read(stream, slots).await.unwrap();
    (first, client.read(stream, slots).await.unwrap())
}

#[tokio::test]
async fn two_consumers_get_each_event_once() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let (mut first, mut second) = pair(&mut client, "s", 2).await;
    running.append("s", &["a", "b", "c", "d", "e", "f"]).await;
    let (of_first, of_second) = (first.names(2).await, second.names(2).await);
    assert_eq!((of_first, of_second), (vec!["a".into(), "c".into()], vec!["b".into(), "d".into()]));
    client.until("s", |info| info.live_buffer_count + i64::from(info.read_buffer_count) == 2).await;
}

#[tokio::test]
async fn one_consumer_gets_everything_until_it_is_full() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    let single = Settings { consumer_strategy: "DispatchToSingle".to_owned(), ..settings() };
    client.create(of_stream("s", single)).await.unwrap();
    let (mut first, mut second) = pair(&mut client, "s", 2).await;
    running.append("s", &["a", "b", "c"]).await;
    assert_eq!(first.names(2).await, ["a", "b"]);
    assert_eq!(second.names(1).await, ["c"]);
}

#[tokio::test]
async fn events_of_one_stream_stay_with_one_consumer() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    let mut request = of_all(None);
    let options = request.options.as_mut().unwrap();
    options.settings.as_mut().unwrap().consumer_strategy = "Pinned".to_owned();
    client.create(request).await.unwrap();
    let (mut first, mut second) = pair(&mut client, "$all", 50).await;
    let before = client.until("$all", |info| info.status == "Live").await.total_in_flight_messages;
    for round in 0..3 {
        for stream in ["a", "b", "c", "d"] {
            running.append(stream, &[&format!("{stream}{round}")]).await;
        }
    }
    let info = client.until("$all", |info| info.total_in_flight_messages == before + 12).await;
    let counts =
        info.connections.iter().map(|one| usize::try_from(one.in_flight_messages).unwrap());
    let counts: Vec<_> = counts.collect();
    let of_first = first.names(counts[0]).await;
    let of_second = second.names(counts[1]).await;
    for stream in ["a", "b", "c", "d"] {
        let own = |names: &[String]| -> Vec<String> {
            names.iter().filter(|name| name.starts_with(stream)).cloned().collect()
        };
        let whole: Vec<_> = (0..3).map(|round| format!("{stream}{round}")).collect();
        let parts = [own(&of_first), own(&of_second)];
        assert!(parts.contains(&whole) && parts.contains(&Vec::new()), "{stream}: {parts:?}");
    }
}

#[tokio::test]
async fn events_of_one_correlation_stay_with_one_consumer() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    let pinned = Settings { consumer_strategy: "PinnedByCorrelation".to_owned(), ..settings() };
    client.create(of_stream("s", pinned)).await.unwrap();
    let (mut first, mut second) = pair(&mut client, "s", 50).await;
    let of = |correlation: &str| {
        event(&format!("of-{correlation}"), &format!(r#"{{"$correlationId":"{correlation}"}}"#))
    };
    let events = ["x", "y", "x", "y", "z", "z"].map(of);
    let append = Append::to(name("s"), ExpectedVersion::Any, events);
    running.store.append(append).await.unwrap();
    let info = client.until("s", |info| info.total_in_flight_messages == 6).await;
    let count = |at: usize| usize::try_from(info.connections[at].in_flight_messages).unwrap();
    let (of_first, of_second) = (first.names(count(0)).await, second.names(count(1)).await);
    for correlation in ["of-x", "of-y", "of-z"] {
        let count = |names: &[String]| names.iter().filter(|name| *name == correlation).count();
        let counts = (count(&of_first), count(&of_second));
        assert!(matches!(counts, (2, 0) | (0, 2)), "{correlation}: {counts:?}");
    }
}

#[tokio::test]
async fn what_a_consumer_held_goes_to_another_when_it_is_gone() {
    let running = Running::start().await;
    running.append("s", &["a", "b", "c"]).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let mut first = client.read("s", 2).await.unwrap();
    assert_eq!(first.names(2).await, ["a", "b"]);
    drop(first);
    let mut second = client.read("s", 9).await.unwrap();
    let mut retries = Vec::new();
    for _ in 0..3 {
        let got = second.next().await.unwrap();
        retries.push((got.name().to_owned(), got.retries()));
    }
    retries.sort();
    let expected = [("a", 1), ("b", 1), ("c", 0)];
    assert_eq!(retries, expected.map(|(name, retries)| (name.to_owned(), retries)));
}

#[tokio::test]
async fn what_takes_too_long_goes_out_again() {
    let running = Running::start().await;
    running.append("s", &["a"]).await;
    let mut client = Client::of(&running).await;
    let short = Some(MessageTimeout::MessageTimeoutMs(20));
    client.create(of_stream("s", Settings { message_timeout: short, ..settings() })).await.unwrap();
    let mut consumer = client.read("s", 5).await.unwrap();
    assert_eq!(consumer.next().await.unwrap().retries(), 0);
    let again = consumer.next().await.unwrap();
    assert_eq!((again.name(), again.retries()), ("a", 1));
}

#[tokio::test]
async fn a_consumer_that_does_not_take_what_it_is_sent_has_to_go() {
    let running = Running::start().await;
    let mut client = Client::of(&running).await;
    let large = vec![b'x'; 1_000_000];
    let large = NewEvent::new(EventType::new("large").unwrap(), large);
    let append = Append::to(name("s"), ExpectedVersion::Any, [large]);
    running.store.append(append).await.unwrap();
    let short = Some(MessageTimeout::MessageTimeoutMs(1));
    let often = Settings { message_timeout: short, max_retry_count: i32::MAX, ..settings() };
    client.create(of_stream("s", often)).await.unwrap();
    let consumer = client.read("s", 1).await.unwrap();
    let mut other = Client::of(&running).await;
    other.until("s", |info| info.connections.is_empty()).await;
    let status = consumer.end().await;
    assert_eq!(status.code(), Code::Aborted);
    assert!(status.message().contains("Consumer too slow"), "{status}");
}

#[tokio::test]
async fn what_is_refused_goes_out_again_or_not_as_the_consumer_says() {
    let running = Running::start().await;
    running.append("s", &["a", "b", "c", "d"]).await;
    let mut client = Client::of(&running).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let mut consumer = client.read("s", 1).await.unwrap();
    for (name, action, comes_again) in [
        ("a", Action::Retry, true),
        ("b", Action::Unknown, true),
        ("c", Action::Skip, false),
        ("d", Action::Stop, false),
    ] {
        let got = consumer.next().await.unwrap();
        assert_eq!((got.name(), got.retries()), (name, 0));
        consumer.nack(&got, action).await;
        if comes_again {
            let again = consumer.next().await.unwrap();
            assert_eq!((again.name(), again.retries()), (name, 1));
            consumer.ack(&again).await;
        }
    }
    client.until("s", |info| info.total_in_flight_messages == 0).await;
    assert_eq!(client.info("s").await.unwrap().parked_message_count, 0);
}
