//! The two ends of a consumer: what the group sends to it, and what its call answers with.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use super::group::ConsumerId;
use crate::links::Entry;

/// Who a consumer is, for people who look at the group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Who {
    /// The address it calls from.
    pub(crate) from: String,
    pub(crate) user: String,
    /// How it calls its connection.
    pub(crate) connection: String,
}

/// An event as it goes to a consumer.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) entry: Arc<Entry>,
    pub(super) retries: u32,
}

/// What the group keeps of a consumer.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) who: Who,
    pub(super) events: mpsc::Sender<Delivered>,
    pub(super) end: oneshot::Sender<Status>,
}

/// What a consumer's call has.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) id: ConsumerId,
    pub(super) events: mpsc::Receiver<Delivered>,
    /// Why it is over.
    pub(super) end: oneshot::Receiver<Status>,
}

/// A consumer with room for so many events that it has not taken yet.
pub(super) fn pair(id: ConsumerId, slots: usize, who: Who) -> (Sink, Joined) {
    let (events, taken) = mpsc::channel(slots);
    let (end, ended) = oneshot::channel();
    (Sink { who, events, end }, Joined { id, events: taken, end: ended })
}
