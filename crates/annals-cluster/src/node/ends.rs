//! Where the log ends, for readers that must see everything: one question to the log for all who
//! asked while the last one was on its way.

use std::sync::Arc;

use annals_core::Result;
use async_channel::Receiver;

use crate::log::OrderedLog;

/// Who wants to know where the log ends, now or later than now.
pub(crate) type Asking = oneshot::Sender<Result<u64>>;

/// Answers until nobody can ask any more.
pub(crate) async fn run(log: Arc<dyn OrderedLog>, asking: Receiver<Asking>) {
    while let Ok(first) = asking.recv().await {
        let mut all = vec![first];
        while let Ok(next) = asking.try_recv() {
            all.push(next);
        }
        let last = log.extent().await.map(|extent| extent.last);
        for one in all {
            // Who has gone away does not want to know.
            drop(one.send(last.clone()));
        }
    }
}
