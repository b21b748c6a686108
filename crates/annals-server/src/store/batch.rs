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

/// A source by batches.
pub(super) struct Batches<T, W> {
    source: Option<BoxStream<'static, Result<T>>>,
    weight: W,
    /// What ended the source, when the items before it had to be given first.
    failed: Option<annals_core::Error>,
}

impl<T, W: Fn(&T) -> usize> Batches<T, W> {
    /// `weight` says what an item adds to a message, in bytes.
    pub(super) fn new(source: BoxStream<'static, Result<T>>, weight: W) -> Self {
        Self { source: Some(source), weight, failed: None }
    }
}

impl<T, W: Fn(&T) -> usize + Unpin> Stream for Batches<T, W> {
    type Item = Result<Vec<T>>;

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
                    bytes += (this.weight)(&item);
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
        let batches = Batches::new(source.boxed(), |weight: &usize| *weight);
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
