//! A subscription that a case reads step by step.

use annals_core::{BoxStream, Delivery, ErrorKind, RecordedEvent, Result};
use futures_lite::{StreamExt, future::block_on};

use crate::shown;

/// A subscription, read by blocking. What never comes is noticed by the deadline of the case.
pub(crate) struct Follower(BoxStream<'static, Result<Delivery>>);

impl Follower {
    pub(crate) fn new(deliveries: BoxStream<'static, Result<Delivery>>) -> Self {
        Self(deliveries)
    }

    /// The next delivery.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Delivery {
        let next = block_on(self.0.next()).expect("the subscription goes on");
        next.unwrap_or_else(|error| panic!("the subscription failed: {error}"))
    }

    /// The next deliveries are exactly these, in the words of [`shown`].
    #[track_caller]
    pub(crate) fn check(&mut self, expected: &str) {
        let count = expected.split(' ').count();
        let got: Vec<_> = (0..count).map(|_| shown::delivery(&self.next())).collect();
        assert_eq!(got.join(" "), expected);
    }

    /// The next events, whatever marks stand between them.
    #[track_caller]
    pub(crate) fn events(&mut self, count: usize) -> Vec<RecordedEvent> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            if let Delivery::Event(event) = self.next() {
                events.push(event);
            }
        }
        events
    }

    /// The deliveries up to and including the mark that everything there was has been given.
    #[track_caller]
    pub(crate) fn until_caught_up(&mut self) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        loop {
            let delivery = self.next();
            let is_last = matches!(delivery, Delivery::CaughtUp { .. });
            deliveries.push(delivery);
            if is_last {
                return deliveries;
            }
        }
    }

    /// The subscription fails now, and nothing comes after it.
    #[track_caller]
    pub(crate) fn check_end(&mut self, kind: ErrorKind) {
        match block_on(self.0.next()) {
            Some(Err(error)) => assert_eq!(error.kind(), kind, "{error}"),
            Some(Ok(delivery)) => {
                panic!("expected {kind:?}, got {}", shown::delivery(&delivery))
            }
            None => panic!("expected {kind:?}, but the subscription just ended"),
        }
        assert!(block_on(self.0.next()).is_none(), "nothing comes after an error");
    }
}
