//! Subscriptions at the end that do not know yet where that is.
//!
//! What is written through a handle after it was asked to subscribe at the end has to come after
//! the start of that subscription. So writes wait while the question for the end is under way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use event_listener::Event;

/// The questions for the end that are under way.
#[derive(Debug, Clone, Default)]
pub struct Starting(Arc<Questions>);

#[derive(Debug, Default)]
struct Questions {
    count: AtomicUsize,
    ended: Event,
}

/// A question for the end. It is over when this is dropped: when it is answered, or has failed
/// once, so that a server out of reach holds up nobody for long.
#[derive(Debug)]
pub struct Question(Arc<Questions>);

impl Starting {
    /// A question begins.
    #[must_use]
    pub fn begin(&self) -> Question {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        Question(Arc::clone(&self.0))
    }

    /// Comes back when no question is under way.
    pub async fn settled(&self) {
        loop {
            let ended = self.0.ended.listen();
            if self.0.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
        self.0.ended.notify(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future;

    #[test]
    fn who_waits_goes_on_when_the_last_question_is_answered() {
        let starting = Starting::default();
        let (first, second) = (starting.begin(), starting.begin());
        future::block_on(async {
            let mut settled = Box::pin(starting.settled());
            assert!(future::poll_once(&mut settled).await.is_none());
            drop(first);
            assert!(future::poll_once(&mut settled).await.is_none());
            drop(second);
            settled.await;
        });
    }
}
