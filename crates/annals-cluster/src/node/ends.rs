//! How far a node must have applied the log for readers that ask for it: one question for all who
//! asked while the last one was on its way.
//!
//! For those who want what the leader knows, the log's leader is asked where the log ends. For
//! those who must see everything that is not enough: a leader that was replaced goes on answering
//! for a while, and one that was not may know of less than its followers have given to nodes
//! already. So they get a mark of their own in the log, because what gets a place in the log stands
//! behind all that any node has applied before.

use std::sync::Arc;

use annals_core::Result;
use async_channel::Receiver;

use super::proposer::Proposer;

/// Who wants to know a place in the log.
pub(crate) type Asking = oneshot::Sender<Result<u64>>;

/// Which place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The end, as the log's leader knows it.
    End,
    /// One behind everything that any node has applied by now.
    Mark,
}

/// Answers until nobody can ask any more.
pub(crate) async fn run(proposer: Arc<Proposer>, place: Place, asking: Receiver<Asking>) {
    while let Ok(first) = asking.recv().await {
        let mut all = vec![first];
        while let Ok(next) = asking.try_recv() {
            all.push(next);
        }
        let last = match place {
            Place::End => proposer.end().await,
            Place::Mark => proposer.mark().await,
        };
        for one in all {
            // Who has gone away does not want to know.
            drop(one.send(last.clone()));
        }
    }
}
