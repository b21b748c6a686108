//! The log with answers lost on purpose, and messages lost, doubled and late.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use annals_cluster::log::{Extent, Logged, OrderedLog, PublishError};
use annals_core::{BoxFuture, BoxStream, Error, ErrorKind, Result};
use bytes::Bytes;

/// How long a message is late.
const LATE: Duration = Duration::from_secs(2);

/// A log that loses answers.
#[derive(Debug)]
pub(crate) struct Lossy {
    inner: Arc<dyn OrderedLog>,
    published: AtomicU64,
}

impl Lossy {
    pub(crate) fn new(inner: Arc<dyn OrderedLog>) -> Self {
        Self { inner, published: AtomicU64::new(0) }
    }
}

impl OrderedLog for Lossy {
    fn message_bytes_max(&self) -> usize {
        self.inner.message_bytes_max()
    }

    fn publish(&self, message: Bytes) -> BoxFuture<'_, Result<u64, PublishError>> {
        let number = self.published.fetch_add(1, Ordering::Relaxed);
        let inner = &self.inner;
        Box::pin(async move {
            match number % 10 {
                // The answer is lost.
                3 => {
                    drop(inner.publish(message).await);
                    Err(unanswered())
                }
                // The message is lost.
                5 => Err(unanswered()),
                // It comes twice.
                7 => {
                    drop(inner.publish(message.clone()).await);
                    inner.publish(message).await
                }
                // It comes once more when it is long answered, or once when it was given up.
                9 => {
                    let late = Arc::clone(inner);
                    let again = message.clone();
                    tokio::spawn(async move {
                        let waited = std::future::pending::<()>();
                        drop(tokio::time::timeout(LATE, waited).await);
                        drop(late.publish(again).await);
                    });
                    if number % 20 == 9 { inner.publish(message).await } else { Err(unanswered()) }
                }
                _ => inner.publish(message).await,
            }
        })
    }

    fn follow(&self, from: u64) -> BoxStream<'static, Result<Logged>> {
        self.inner.follow(from)
    }

    fn extent(&self) -> BoxFuture<'_, Result<Extent>> {
        self.inner.extent()
    }

    fn tell(&self, what: Bytes) -> BoxFuture<'_, Result<()>> {
        self.inner.tell(what)
    }

    fn hear(&self) -> BoxStream<'static, Bytes> {
        self.inner.hear()
    }
}

fn unanswered() -> PublishError {
    PublishError::Unanswered(Error::new(ErrorKind::Timeout, "the answer was lost on purpose"))
}
