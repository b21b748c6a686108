//! A place in the log behind everything, for readers that must see everything: one mark put into
//! the log for all who asked while the last one was on its way.
//!
//! Asking the log where it ends is not enough. A leader that was replaced goes on answering for a
//! while, and one that was not may know of less than its followers have given to nodes already. But
//! what gets a place in the log stands behind all that any node has applied before.

use std::sync::Arc;

use annals_core::Result;
use async_channel::Receiver;

use super::proposer::Proposer;

/// Who wants to know a place behind everything that there is now.
pub(crate) type Asking = oneshot::Sender<Result<u64>>;

/// Answers until nobody can ask any more.
pub(crate) async fn run(proposer: Arc<Proposer>, asking: Receiver<Asking>) {
    while let Ok(first) = asking.recv().await {
        let mut all = vec![first];
        while let Ok(next) = asking.try_recv() {
            all.push(next);
        }
        let last = proposer.mark().await;
        for one in all {
            // Who has gone away does not want to know.
            drop(one.send(last.clone()));
        }
    }
}
