//! The end of a round, for everything that runs in it.

use std::time::Duration;

use futures_lite::future::or;
use tokio::sync::watch;

/// Whether the round is over. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    is_over: watch::Sender<bool>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self { is_over: watch::Sender::new(false) }
    }

    pub(crate) fn say(&self) {
        self.is_over.send_replace(true);
    }

    pub(crate) fn is_said(&self) -> bool {
        *self.is_over.borrow()
    }

    /// What comes, or nothing when the round is over first.
    pub(crate) async fn unless<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        let over = async {
            let mut is_over = self.is_over.subscribe();
            // It is over also when nobody is left to say so.
            drop(is_over.wait_for(|is_over| *is_over).await);
            None
        };
        or(over, async { Some(coming.await) }).await
    }

    /// Passes after a time, or when the round is over.
    pub(crate) async fn pause(&self, time: Duration) {
        // Either way it is time to go on.
        drop(tokio::time::timeout(time, self.unless(std::future::pending::<()>())).await);
    }
}
