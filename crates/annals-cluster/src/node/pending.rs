//! Callers that wait for what becomes of their commands.

use std::collections::HashMap;

use annals_core::{Error, ErrorKind, Result};
use annals_engine::Outcome;
use parking_lot::Mutex;

/// Where the answer to a command goes.
pub(crate) type Reply = oneshot::Sender<Result<Outcome>>;

/// The proposals of this session that are not applied yet, by their numbers, with the callers that
/// wait for each of their commands.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    proposals: Mutex<HashMap<u64, Vec<Reply>>>,
}

impl Pending {
    pub(crate) fn add(&self, number: u64, replies: Vec<Reply>) {
        self.proposals.lock().insert(number, replies);
    }

    /// Takes those who wait for a proposal, once.
    pub(crate) fn take(&self, number: u64) -> Option<Vec<Reply>> {
        self.proposals.lock().remove(&number)
    }

    /// Whether anyone still waits for it. Where nobody does any more it is forgotten.
    pub(crate) fn is_awaited(&self, number: u64) -> bool {
        let mut proposals = self.proposals.lock();
        let Some(replies) = proposals.get(&number) else { return false };
        let is_awaited = replies.iter().any(|reply| !reply.is_closed());
        if !is_awaited {
            proposals.remove(&number);
        }
        is_awaited
    }

    /// How many proposals there are.
    pub(crate) fn len(&self) -> usize {
        self.proposals.lock().len()
    }

    /// Answers a proposal of which nothing was stored and nothing will be.
    pub(crate) fn refuse(&self, number: u64, why: &Error) {
        refuse_all(self.take(number).into_iter().flatten(), why);
    }

    /// Answers everyone who still waits, because the node stops.
    pub(crate) fn give_up(&self, why: &Error) {
        let all = std::mem::take(&mut *self.proposals.lock());
        refuse_all(all.into_values().flatten(), why);
    }
}

fn refuse_all(replies: impl Iterator<Item = Reply>, why: &Error) {
    for reply in replies {
        // Who has gone away does not want to know.
        drop(reply.send(Err(why.clone())));
    }
}

/// What callers are told whose proposals came into the log too late.
pub(crate) fn void() -> Error {
    let message =
        "the log moved on too far before the append came into it; nothing was stored, try again";
    Error::new(ErrorKind::Unavailable, message)
}
