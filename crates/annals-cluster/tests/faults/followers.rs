//! Readers during a round: a subscription that moves from node to node, and one who looks on
//! another node for what was just acknowledged.

use std::sync::Arc;

use annals_cluster::Cluster;
use annals_core::{
    Backend, Delivery, EventId, Freshness, Position, Query, Read, ReadStream, Subscribe,
    SubscribeStart,
};
use futures_lite::StreamExt;

use crate::{
    crowd::{Shared, Shown},
    stop::Stop,
};

/// After how many events the subscription moves on to the next node, at first; it varies.
const STAY: usize = 150;

/// What the subscription was given, in order.
pub(crate) type Seen = Vec<(Position, EventId)>;

/// Follows the whole store, each time from the last position on, on one node after the other.
pub(crate) async fn follow(nodes: Vec<Cluster>, stop: Stop) -> (Seen, usize) {
    let mut seen = Seen::new();
    for turn in 0.. {
        let node = &nodes[turn % nodes.len()];
        let until = seen.len() + STAY + turn % 7 * 40;
        let mut given = node.subscribe(after(&seen));
        while seen.len() < until {
            match stop.unless(given.next()).await {
                Some(Some(Ok(Delivery::Event(event)))) => seen.push((event.position, event.id)),
                Some(Some(Ok(_))) => {}
                Some(Some(Err(error))) => panic!("the subscription ended: {error}"),
                Some(None) => panic!("the subscription ended"),
                None => return (seen, turn),
            }
        }
    }
    unreachable!("it moves on until it is stopped")
}

/// A subscription that goes on after what was seen.
pub(crate) fn after(seen: &Seen) -> Subscribe {
    let last = seen.last().map(|(position, _)| *position);
    let start = last.map_or(SubscribeStart::Beginning, SubscribeStart::After);
    Subscribe::all(Query::all(), start)
}

/// Looks on another node for what was acknowledged, after asking it to know of everything. Gives
/// how often it looked and how often it was told that the node cannot know now.
pub(crate) async fn look(
    nodes: Vec<Cluster>,
    shown: async_channel::Receiver<Shown>,
    shared: Arc<Shared>,
) -> (u64, u64) {
    let (mut looked, mut told) = (0, 0);
    while let Some(Ok(shown)) = shared.stop.unless(shown.recv()).await {
        let node = &nodes[(shown.seat + 1) % nodes.len()];
        if node.catch_up(Freshness::Latest).await.is_err() {
            told += 1;
            continue;
        }
        looked += 1;
        let mut read = ReadStream::new(shown.stream.clone()).from(shown.version);
        read.limit = Some(1);
        let found = node.read(Read::Stream(read)).next().await.and_then(Result::ok);
        if found.is_none_or(|event| event.id != shown.id) {
            shared.surprise(format!("{shown:?} is not shown by another node that is up to date"));
        }
    }
    (looked, told)
}
