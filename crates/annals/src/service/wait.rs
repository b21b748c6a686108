//! Waiting for a future on a thread of our own, at most until some time.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Instant,
};

/// Blocks until the future is ready, or the time has come. `None`: the time has come.
pub(crate) fn block_on_until<F: Future>(future: F, until: Option<Instant>) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        match until {
            None => thread::park(),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return None;
                }
                thread::park_timeout(left);
            }
        }
    }
}

/// Wakes a parked thread. A thread woken for nothing polls once more and parks again.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::{future, time::Duration};

    use futures_lite::future::yield_now;

    use super::*;

    #[test]
    fn what_gets_ready_is_given_and_what_never_does_is_given_up() {
        let ready = async {
            yield_now().await;
            7
        };
        assert_eq!(block_on_until(ready, None), Some(7));
        let soon = Instant::now() + Duration::from_millis(1);
        assert_eq!(block_on_until(future::pending::<()>(), Some(soon)), None);
    }
}
