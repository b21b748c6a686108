//! A request in the committer's queue, and what comes back.

use annals_core::{Appended, Deleted, Error, Position};

use super::prepare::Prepared;
use crate::index::{head::HeadEntry, memory::StateSlot};

/// A request that was found acceptable as of a snapshot.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) prepared: Prepared,
    pub(crate) basis: Basis,
}

/// What the evaluation stood on.
#[derive(Debug, Default)]
pub(crate) struct Basis {
    /// Everything below this position was looked at.
    pub(crate) as_of: u64,
    /// The heads of the streams, in the order of the writes.
    pub(crate) heads: Vec<HeadEntry>,
    /// The piece of state to be written: its revision, and where it stands if it is a checkpoint.
    pub(crate) state: Option<StoredState>,
}

/// What was found of a piece of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredState {
    pub(crate) revision: u64,
    pub(crate) checkpoint: Option<Position>,
}

impl StoredState {
    /// What the last write left; `None` when that was a delete.
    pub(crate) fn of(slot: &StateSlot) -> Option<Self> {
        let stored = Self { revision: slot.revision, checkpoint: slot.checkpoint };
        slot.is_present.then_some(stored)
    }
}

/// What the committer answers, never before it is durable.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Done and durable.
    Done(Receipt),
    /// Something changed since the snapshot; evaluate again.
    Stale(Job),
    /// It failed.
    Failed(Error),
}

/// What was done.
#[derive(Debug)]
pub(crate) enum Receipt {
    Appended(Appended),
    Deleted(Deleted),
    Put { revision: u64 },
    Restored,
}

/// A job and where its answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) job: Job,
    pub(crate) reply: oneshot::Sender<Reply>,
}
