//! Many items in one message, without waiting for any of them.
//!
//! A batch holds what is ready when the transport asks for the next message: it ends where the
//! source would have to be waited for, so that a live event goes out at once, and where it is full.
//! The source is asked only when the transport asks, so a slow reader slows its own source down and
//! holds no more than one batch here.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use annals_core::{BoxStream, Result};
use futures_lite::Stream;

/// The most items in a message.
const ITEMS_MAX: usize = 512;
/// A message ends with the item that takes it over this size, in bytes.
const BYTES_MAX: usize = 1024 * 1024;

/// A batch with more items than this is likely to become full.
const ITEMS_OF_MANY: usize = 16;

/// A source by batches.
pub(super) struct Batches<T, P> {
    source: Option<BoxStream<'static, Result<T>>>,
    pack: P,
    /// What ended the source, when the items before it had to be given first.
    failed: Option<annals_core::Error>,
}

impl<T, I, P: Fn(T) -> (usize, I)> Batches<T, P> {
    /// `pack` makes of an item what goes into the message, and says what that adds to it, in bytes.
    pub(super) fn new(source: BoxStream<'static, Result<T>>, pack: P) -> Self {
        Self { source: Some(source), pack, failed: None }
    }
}

impl<T, I, P: Fn(T) -> (usize, I) + Unpin> Stream for Batches<T, P> {
    type Item = Result<Vec<I>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(error) = this.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let Some(source) = &mut this.source else { return Poll::Ready(None) };
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < ITEMS_MAX && bytes < BYTES_MAX {
            match source.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(item))) => {
                    let (weight, item) = (this.pack)(item);
                    bytes += weight;
                    if batch.len() == ITEMS_OF_MANY {
                        batch.reserve_exact(ITEMS_MAX - ITEMS_OF_MANY);
                    }
                    batch.push(item);
                }
                Poll::Ready(Some(Err(error))) => {
                    this.failed = Some(error);
                    this.source = None;
                    break;
                }
                Poll::Ready(None) => {
                    this.source = None;
                    break;
                }
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if batch.is_empty() {
            return Poll::Ready(this.failed.take().map(Err));
        }
        Poll::Ready(Some(Ok(batch)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::Error;
    use futures_lite::{StreamExt, future, stream};

    fn batches(source: impl Stream<Item = Result<usize>> + Send + 'static) -> Vec<Result<usize>> {
        let batches = Batches::new(source.boxed(), |weight: usize| (weight, ()));
        let counts = batches.map(|batch| batch.map(|batch| batch.len()));
        future::block_on(counts.collect())
    }

    fn counts(source: impl Stream<Item = Result<usize>> + Send + 'static) -> Vec<usize> {
        batches(source).into_iter().map(Result::unwrap).collect()
    }

    #[test]
    fn a_batch_is_full_by_count_or_by_bytes() {
        assert_eq!(counts(stream::iter((0..1_000).map(|_| Ok(1)))), [512, 488]);
        assert_eq!(counts(stream::iter((0..3).map(|_| Ok(BYTES_MAX / 2)))), [2, 1]);
        assert_eq!(counts(stream::iter([Ok(BYTES_MAX * 16), Ok(1)])), [1, 1]);
        assert!(counts(stream::empty()).is_empty());
    }

    #[test]
    fn what_is_ready_does_not_wait_for_more() {
        let waits = |item| async move {
            future::yield_now().await;
            Ok(item)
        };
        assert_eq!(counts(stream::iter([1, 1, 1]).then(waits)), [1, 1, 1]);
    }

    #[test]
    fn an_error_comes_after_what_was_before_it_and_ends_it() {
        let source = stream::iter([Ok(1), Err(Error::invalid("no")), Ok(1)]);
        let given = batches(source);
        assert!(matches!(given.as_slice(), [Ok(1), Err(_)]), "{given:?}");
    }
}
