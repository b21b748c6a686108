//! A few futures at once, on one thread.

use std::{fmt, future::poll_fn, task::Poll};

use annals_core::BoxFuture;

/// Futures in progress. Few, so each is polled whenever one of them is woken.
pub(super) struct InFlight<T>(Vec<BoxFuture<'static, T>>);

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> InFlight<T> {
    pub(super) fn push(&mut self, future: BoxFuture<'static, T>) {
        self.0.push(future);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The next to finish; never, when there is none.
    pub(super) async fn next(&mut self) -> T {
        poll_fn(|cx| {
            for index in 0..self.0.len() {
                let Some(future) = self.0.get_mut(index) else { break };
                if let Poll::Ready(done) = future.as_mut().poll(cx) {
                    drop(self.0.swap_remove(index));
                    return Poll::Ready(done);
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl<T> fmt::Debug for InFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InFlight").field(&self.0.len()).finish()
    }
}
