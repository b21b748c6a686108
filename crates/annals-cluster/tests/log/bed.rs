//! What the tests share: a runtime, a log on one server or three, and messages.

use std::{future::Future, time::Duration};

use annals_cluster::{
    log::{JetStreamLog, Logged, OrderedLog, PublishError},
    setup::{Replicas, Setup, init},
    url::Target,
};
use annals_core::{BoxStream, Result};
use annals_testbed::nats::{Cluster, Nats};
use bytes::Bytes;
use futures_lite::StreamExt;

/// Longer than any election; reached only by a test that has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const STREAM: &str = "ANNALS_orders";

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE * 2, work).await.unwrap() })
}

pub(crate) fn setup(replicas: Replicas) -> Setup {
    Setup { replicas, bytes_max: None }
}

pub(crate) fn target(server: &Nats) -> Target {
    format!("{}/orders", server.url()).parse().unwrap()
}

pub(crate) fn target_of(cluster: &Cluster) -> Target {
    let urls = cluster.urls();
    let places: Vec<_> = urls.iter().map(|url| url.trim_start_matches("nats://")).collect();
    format!("nats://{}/orders", places.join(",")).parse().unwrap()
}

/// A new log on one server.
pub(crate) async fn log_on(server: &Nats) -> JetStreamLog {
    made(&target(server), setup(Replicas::One)).await
}

/// A new log on all servers of a cluster.
pub(crate) async fn log_across(cluster: &Cluster) -> JetStreamLog {
    made(&target_of(cluster), setup(Replicas::Three)).await
}

pub(crate) async fn made(target: &Target, setup: Setup) -> JetStreamLog {
    init(target, &setup).await.unwrap();
    connect(target).await
}

pub(crate) async fn connect(target: &Target) -> JetStreamLog {
    JetStreamLog::connect(target, "test").await.unwrap()
}

pub(crate) fn message(number: u64) -> Bytes {
    Bytes::from(format!("message {number}"))
}

/// Publishes until it is acknowledged, again and again.
pub(crate) async fn insist(log: &JetStreamLog, message: &Bytes) -> u64 {
    loop {
        match log.publish(message.clone()).await {
            Ok(sequence) => return sequence,
            Err(PublishError::Unanswered(_)) => tokio::task::yield_now().await,
            Err(PublishError::Refused(error)) => panic!("refused: {error}"),
        }
    }
}

/// Publishes so many messages, many at a time.
pub(crate) async fn fill(log: &JetStreamLog, messages: u64) {
    let numbers: Vec<_> = (1..=messages).collect();
    for some in numbers.chunks(256) {
        let sent = some.iter().map(|number| log.publish(message(*number)));
        for answer in futures_util::future::join_all(sent).await {
            answer.unwrap();
        }
    }
}

/// The next message, which comes.
pub(crate) async fn next(follower: &mut BoxStream<'static, Result<Logged>>) -> Result<Logged> {
    tokio::time::timeout(PATIENCE, follower.next()).await.unwrap().unwrap()
}

/// The messages from a sequence to another, without a gap or a repeat.
pub(crate) async fn between(log: &JetStreamLog, first: u64, last: u64) -> Vec<Logged> {
    let mut follower = log.follow(first);
    reach(&mut follower, first, last).await
}

pub(crate) async fn reach(
    follower: &mut BoxStream<'static, Result<Logged>>,
    first: u64,
    last: u64,
) -> Vec<Logged> {
    let mut read = Vec::new();
    for sequence in first..=last {
        let logged = next(follower).await.unwrap();
        assert_eq!(logged.sequence, sequence, "no gap and no repeat");
        read.push(logged);
    }
    read
}
