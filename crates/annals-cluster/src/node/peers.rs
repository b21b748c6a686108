//! The nodes of a cluster, as they tell of themselves.
//!
//! What they tell is not kept by the log, and nothing stands on it but what people and clients are
//! shown.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use annals_core::{Clock, Name, Node, Position, SystemClock, Timestamp};
use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// How often a node tells of itself.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// After how long a node that is not heard of counts as gone, in microseconds: it has then missed
/// three times and a bit.
const GONE_AFTER: i64 = 3_500_000;
/// After how long it is no longer listed, in microseconds.
const FORGOTTEN_AFTER: i64 = 3_600_000_000;
/// The most nodes that are listed.
const LISTED: usize = 1_024;

/// What a node tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// A number that no other node of the cluster has.
    pub node: u64,
    /// What people call it.
    pub name: String,
    /// Where clients reach it, as `HOST:PORT`.
    pub address: Option<String>,
    /// The last entry of the log that it has applied.
    pub applied: u64,
    /// The entry that its newest durable commit comes from: when it starts again after the worst,
    /// it reads the log from some way in front of that. Absent before the first.
    #[serde(default)]
    pub durable: Option<u64>,
    /// How many entries it knows of and has not applied.
    pub behind: u64,
    /// The position of its newest event.
    pub head: Option<u64>,
    /// The digest of its store at `applied`, when it has applied anything since it was started.
    pub digest: Option<u64>,
    /// Why it applies nothing, when that is so.
    pub trouble: Option<String>,
    /// Whether it is about to stop.
    pub is_leaving: bool,
}

impl Notice {
    /// As bytes for [`OrderedLog::tell`](crate::log::OrderedLog::tell).
    pub(crate) fn encode(&self) -> Bytes {
        // Numbers, text and nothing else: it can always be written.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// From such bytes; `None` for what nodes of another version, or others, have told.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The nodes that were heard of.
#[derive(Debug)]
pub(crate) struct Peers {
    own: u64,
    clock: Arc<dyn Clock>,
    heard: Mutex<BTreeMap<u64, (Notice, Timestamp)>>,
}

impl Peers {
    pub(crate) fn new(own: u64) -> Self {
        Self::with_clock(own, Arc::new(SystemClock))
    }

    fn with_clock(own: u64, clock: Arc<dyn Clock>) -> Self {
        Self { own, clock, heard: Mutex::default() }
    }

    /// Takes what a node tells of itself.
    pub(crate) fn hear(&self, notice: Notice) {
        let now = self.clock.now();
        let mut heard = self.heard.lock();
        heard.retain(|_, (_, at)| now.as_micros() - at.as_micros() < FORGOTTEN_AFTER);
        if notice.is_leaving {
            heard.remove(&notice.node);
        } else if heard.len() < LISTED || heard.contains_key(&notice.node) {
            heard.insert(notice.node, (notice, now));
        }
    }

    /// All nodes, this one with what it says now.
    pub(crate) fn nodes(&self, own: &Notice) -> Vec<Node> {
        let now = self.clock.now();
        let heard = self.heard.lock();
        let others = heard.values().filter(|(notice, _)| notice.node != self.own);
        let listed = others.map(|(notice, at)| (notice, *at)).chain([(own, now)]);
        let mut nodes: Vec<Node> = listed
            .filter_map(|(notice, heard_at)| {
                let is_heard = now.as_micros() - heard_at.as_micros() < GONE_AFTER;
                Some(Node {
                    name: Name::new(notice.name.clone()).ok()?,
                    is_this: notice.node == self.own,
                    address: notice.address.clone(),
                    heard_at,
                    is_alive: is_heard && notice.trouble.is_none(),
                    head: notice.head.map(Position::new),
                    applied: notice.applied,
                    behind: notice.behind,
                })
            })
            .collect();
        nodes.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        nodes
    }
}

#[cfg(test)]
mod tests {
    use annals_core::ManualClock;

    use super::*;

    fn notice(node: u64) -> Notice {
        Notice {
            node,
            name: format!("node-{node}"),
            address: None,
            applied: 1,
            durable: None,
            behind: 0,
            head: None,
            digest: None,
            trouble: None,
            is_leaving: false,
        }
    }

    fn alive(peers: &Peers) -> Vec<(String, bool)> {
        let nodes = peers.nodes(&notice(1)).into_iter();
        nodes.map(|node| (node.name.as_str().to_owned(), node.is_alive)).collect()
    }

    #[test]
    fn nodes_are_alive_while_they_are_heard_of_and_well() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(0)));
        let peers = Peers::with_clock(1, Arc::<ManualClock>::clone(&clock));
        for node in 1..=3 {
            peers.hear(notice(node));
        }
        peers.hear(Notice { trouble: Some("no room".to_owned()), ..notice(3) });
        let named = |name: &str, is_alive| (name.to_owned(), is_alive);
        let all = [named("node-1", true), named("node-2", true), named("node-3", false)];
        assert_eq!(alive(&peers), all);
        clock.set(Timestamp::from_micros(GONE_AFTER));
        assert_eq!(alive(&peers)[1], named("node-2", false));
        peers.hear(Notice { is_leaving: true, ..notice(2) });
        assert_eq!(alive(&peers), [named("node-1", true), named("node-3", false)]);
    }

    #[test]
    fn a_notice_comes_back_and_anything_else_is_none() {
        let one = notice(7);
        assert_eq!(Notice::decode(&one.encode()), Some(one));
        assert_eq!(Notice::decode(b"hello"), None);
    }
}
