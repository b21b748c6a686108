//! What those who watch a server are told of its groups.

use annals_core::{BoxFuture, Clock, Position, Result, SystemClock, Timestamp, Version};
use futures_util::{StreamExt, stream};

use super::{command::Handle, identity::Source};
use crate::{derived::Derived, metrics::GROUPS_MAX, node::Node};

/// How many groups are asked at once.
const AT_ONCE: usize = 16;

/// How far a group is, as it knows itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// Events that were taken in and are not finished.
    pub(crate) unfinished: u64,
    /// The place after the last that was taken in.
    pub(crate) next: u64,
    /// Whether everything there was has been taken in, and there is room for more.
    pub(crate) waits: bool,
    /// When the oldest event that is not finished was stored.
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) checkpoint: Option<u64>,
    pub(crate) in_flight: u64,
    pub(crate) parked: u64,
}

/// A group in the figures that are watched.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) name: String,
    pub(crate) lag_events: u64,
    pub(crate) lag_seconds: f64,
    pub(crate) checkpoint: Option<u64>,
    pub(crate) in_flight: u64,
    pub(crate) parked: u64,
}

/// The groups of a server, the first thousand by name, and how many were left out. One that gives
/// no answer is missing.
pub(crate) async fn watched(node: &Node) -> (Vec<Watched>, usize) {
    let mut groups = node.persistent.groups(None);
    let left_out = groups.len().saturating_sub(GROUPS_MAX);
    groups.truncate(GROUPS_MAX);
    let asked: Vec<BoxFuture<'_, _>> =
        groups.iter().map(|group| Box::pin(watch(node, group)) as BoxFuture<'_, _>).collect();
    let watched: Vec<Option<Watched>> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    (watched.into_iter().flatten().collect(), left_out)
}

async fn watch(node: &Node, group: &Handle) -> Option<Watched> {
    let progress = group.progress().await.ok()?;
    let to_come = if progress.waits {
        0
    } else {
        let last = last_known(node, &group.definition.id.source).await.ok()?;
        last.map_or(0, |last| last.saturating_add(1)).saturating_sub(progress.next)
    };
    let age = |since: Timestamp| SystemClock.now().as_micros().saturating_sub(since.as_micros());
    Some(Watched {
        name: group.definition.id.to_string(),
        lag_events: progress.unfinished + to_come,
        lag_seconds: progress.oldest.map_or(0.0, |oldest| age(oldest).max(0) as f64 / 1e6),
        checkpoint: progress.checkpoint,
        in_flight: progress.in_flight,
        parked: progress.parked,
    })
}

/// The place of the last event that there is for groups of a source.
///
/// # Errors
/// Those of the store.
pub(super) async fn last_known(node: &Node, source: &Source) -> Result<Option<u64>> {
    Ok(match source {
        Source::Stream(stream) => {
            let last = match Derived::of(stream) {
                Some(derived) => derived.last(&node.index).await?,
                None => node.store.stream_info(stream).await?.last_version,
            };
            last.map(Version::get)
        }
        Source::All => node.store.head().await?.map(Position::get),
    })
}
