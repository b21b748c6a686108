//! What goes on beside applying: following the log, telling the other nodes, looking after the
//! log's end.

use std::{sync::Arc, time::Duration};

use annals_core::{Error, ErrorKind, Position, in_full};
use bytes::Bytes;
use futures_lite::{StreamExt, future::or};
use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{
    Node,
    applier::{Delivery, SYNCED_EVERY},
    identity::Identity,
    peers::{EVERY, Notice, Peers},
    proposer::Proposer,
    status::Status,
};
use crate::log::OrderedLog;

/// A node that proposes nothing tells the others what its store is after this many entries.
pub(super) const CLAIMED_EVERY: u64 = 2_000;
/// For how long the log has to say that it ends before what this node has applied, until that is
/// believed: a new leader of the log may not know its end at once.
const BELIEVED_AFTER: Duration = Duration::from_secs(10);

/// Hands the log's messages from an entry on to the applier.
pub(super) async fn follow(
    log: Arc<dyn OrderedLog>,
    from: u64,
    deliveries: async_channel::Sender<Delivery>,
) {
    let mut messages = log.follow(from);
    let mut quiet = interval(SYNCED_EVERY);
    loop {
        let message = async { messages.next().await.map(Delivery::Message) };
        let silence = async {
            quiet.tick().await;
            Some(Delivery::Quiet)
        };
        let Some(delivery) = or(message, silence).await else { return };
        if deliveries.send(delivery).await.is_err() {
            return;
        }
    }
}

/// What a node tells of itself, put together from its parts: not from its store, which must not be
/// held by what may end after the node.
#[derive(Debug, Clone)]
pub(super) struct Teller {
    pub(super) log: Arc<dyn OrderedLog>,
    pub(super) identity: Identity,
    pub(super) status: Arc<Status>,
    pub(super) address: Arc<Mutex<Option<String>>>,
    pub(super) proposer: Arc<Proposer>,
}

impl Teller {
    fn notice(&self) -> Notice {
        notice_of(&self.identity, &self.status, self.address.lock().clone())
    }

    /// Tells the other nodes of this one, again and again; keeps an eye on the end of the log.
    pub(super) async fn run(self) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut claimed = self.status.applied();
        let mut lost_since = None;
        loop {
            ticks.tick().await;
            // Nodes that are not told this time are told the next.
            drop(self.log.tell(self.notice().encode()).await);
            if self.status.applied() - claimed >= CLAIMED_EVERY {
                claimed = self.status.applied();
                // The next one will do as well.
                drop(self.proposer.mark().await);
            }
            let applied = self.status.applied();
            let extent = match self.log.extent().await {
                Ok(extent) => extent,
                Err(why) => {
                    self.status.log_fails(why);
                    continue;
                }
            };
            self.status.log_ends_at(extent.last);
            if extent.last >= applied {
                lost_since = None;
            } else if lost_since.get_or_insert_with(Instant::now).elapsed() >= BELIEVED_AFTER {
                self.status.halt(lost(extent.last, applied));
            }
        }
    }
}

/// Takes what the nodes tell of themselves.
pub(super) async fn listen(log: Arc<dyn OrderedLog>, peers: Arc<Peers>) {
    let mut told = log.hear();
    while let Some(told) = told.next().await {
        if let Some(notice) = Notice::decode(&told) {
            peers.hear(notice);
        }
    }
}

/// What a node says of itself now.
pub(super) fn notice(node: &Node) -> Notice {
    notice_of(&node.identity, &node.status, node.address.lock().clone())
}

/// What a node says last.
pub(super) fn leaving(node: &Node) -> Bytes {
    Notice { is_leaving: true, ..notice(node) }.encode()
}

fn notice_of(identity: &Identity, status: &Status, address: Option<String>) -> Notice {
    let claim = status.claim();
    Notice {
        node: identity.node,
        name: identity.name.clone(),
        address,
        applied: claim.map_or(status.applied(), |claim| claim.entry),
        durable: status.durable(),
        behind: status.behind(),
        head: status.head().map(Position::get),
        digest: claim.map(|claim| claim.digest),
        trouble: status.trouble().map(|why| in_full(&why)),
        is_leaving: false,
    }
}

/// The log has lost what it had acknowledged.
pub(super) fn lost(last: u64, applied: u64) -> Error {
    let message = format!(
        "the log ends at entry {last}, but this node has applied entry {applied}: the log has lost \
         what it had acknowledged (its servers had not synced it, or were put back); see in the \
         book how to go on from this node's store, which has it"
    );
    Error::new(ErrorKind::Corrupted, message).with("entry", applied)
}
