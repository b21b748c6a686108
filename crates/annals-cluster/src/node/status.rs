//! How far a node is, for all its threads to look at.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use annals_core::{Error, ErrorKind, Position, Result, Timestamp};
use event_listener::{Event, EventListener};
use parking_lot::Mutex;

use crate::entry::Claim;

/// After which silence of the log a node is no longer well: most elections of a leader are over by
/// then.
const SILENT_AT_MOST: Duration = Duration::from_secs(10);

/// How far a node is.
#[derive(Debug, Default)]
pub(crate) struct Status {
    applied: AtomicU64,
    applied_time: AtomicI64,
    /// The entry of the newest commit that is durable, 0 before the first.
    durable: AtomicU64,
    claim: Mutex<Option<Claim>>,
    /// The position of the newest event that readers are shown.
    head: Mutex<Option<Position>>,
    /// The end of the log as far as it has been heard of.
    last: AtomicU64,
    is_closed: AtomicBool,
    halted: OnceLock<Error>,
    stalled: Mutex<Option<Error>>,
    answers: Mutex<Answers>,
    changed: Event,
}

/// What the log said when it was asked where it ends.
#[derive(Debug, Default)]
struct Answers {
    /// When it last said so.
    last: Option<Instant>,
    /// Why it has not said so since.
    failure: Option<Error>,
}

impl Status {
    /// The last entry that was applied; 0 before the first.
    pub(crate) fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    /// The entry that the newest commit comes from that a power failure does not take away.
    pub(crate) fn durable(&self) -> Option<u64> {
        Some(self.durable.load(Ordering::Acquire)).filter(|entry| *entry > 0)
    }

    /// The commit of an entry is durable, and all before it.
    pub(crate) fn set_durable(&self, entry: u64) {
        self.durable.store(entry, Ordering::Release);
    }

    /// What the store was at some entry lately applied.
    pub(crate) fn claim(&self) -> Option<Claim> {
        *self.claim.lock()
    }

    /// The newest event that readers of this node see.
    pub(crate) fn head(&self) -> Option<Position> {
        *self.head.lock()
    }

    /// An event has been shown, and all before it.
    pub(crate) fn set_head(&self, head: Option<Position>) {
        *self.head.lock() = head;
    }

    /// When the log took the last entry that was applied.
    pub(crate) fn applied_time(&self) -> Timestamp {
        Timestamp::from_micros(self.applied_time.load(Ordering::Acquire))
    }

    /// The end of the log, or an earlier one.
    pub(crate) fn last(&self) -> u64 {
        std::cmp::max(self.last.load(Ordering::Acquire), self.applied())
    }

    /// How many entries are known of that have not been applied.
    pub(crate) fn behind(&self) -> u64 {
        self.last() - self.applied()
    }

    /// The log goes at least so far.
    pub(crate) fn heard_of(&self, entry: u64) {
        self.last.fetch_max(entry, Ordering::AcqRel);
    }

    /// An entry has been applied and shown.
    pub(crate) fn set_applied(&self, entry: u64, time: Timestamp, digest: u64) {
        self.applied_time.store(time.as_micros(), Ordering::Release);
        *self.claim.lock() = Some(Claim { entry, digest });
        self.applied.store(entry, Ordering::Release);
        self.stalled.lock().take();
        self.changed.notify(usize::MAX);
    }

    /// Nothing more will be applied, for this reason.
    pub(crate) fn halt(&self, why: Error) {
        if self.halted.set(why).is_ok() {
            self.changed.notify(usize::MAX);
        }
    }

    /// Applying waits until this has passed.
    pub(crate) fn stall(&self, why: Error) {
        *self.stalled.lock() = Some(why);
    }

    /// The log has just said that it ends there, or has taken an entry there.
    pub(crate) fn log_ends_at(&self, entry: u64) {
        self.heard_of(entry);
        *self.answers.lock() = Answers { last: Some(Instant::now()), failure: None };
    }

    /// The log did not say where it ends.
    pub(crate) fn log_fails(&self, why: Error) {
        self.answers.lock().failure = Some(why);
    }

    /// Why nothing is being applied, or may not be, when that is so.
    pub(crate) fn trouble(&self) -> Option<Error> {
        let stopped = || self.halted.get().cloned();
        stopped().or_else(|| self.stalled.lock().clone()).or_else(|| self.cut_off())
    }

    /// What keeps a node from knowing whether it has everything.
    fn cut_off(&self) -> Option<Error> {
        let answers = self.answers.lock();
        let silent = answers.last?.elapsed();
        if silent <= SILENT_AT_MOST {
            return None;
        }
        let message = format!("the log has not said for {} s where it ends", silent.as_secs());
        let error = Error::new(ErrorKind::Unavailable, message);
        Some(match answers.failure.clone() {
            Some(why) => error.caused_by(why),
            None => error,
        })
    }

    /// Why nothing more will be applied, when that is so.
    pub(crate) fn halted(&self) -> Option<&Error> {
        self.halted.get()
    }

    pub(crate) fn close(&self) -> bool {
        let was_open = !self.is_closed.swap(true, Ordering::AcqRel);
        self.changed.notify(usize::MAX);
        was_open
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Whether the node can go on.
    ///
    /// # Errors
    /// `Closed`; `Poisoned` with the reason when it has stopped applying.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_closed() {
            return Err(Error::new(ErrorKind::Closed, "the node is closed"));
        }
        match self.halted.get() {
            None => Ok(()),
            Some(why) => Err(Error::new(
                ErrorKind::Poisoned,
                format!("this node has stopped applying the log: {}", why.message()),
            )
            .caused_by(why.clone())),
        }
    }

    /// Waits until `is_so`, which is looked at again whenever an entry was applied.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub(crate) async fn until(&self, is_so: impl Fn(&Self) -> bool) -> Result<()> {
        loop {
            let changed: EventListener = self.changed.listen();
            if is_so(self) {
                return Ok(());
            }
            self.check()?;
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_log_that_does_not_answer_is_trouble_with_its_reason_after_some_time() {
        let status = Status::default();
        status.log_fails(Error::new(ErrorKind::Unavailable, "no such stream"));
        assert!(status.trouble().is_none(), "it is only being started");
        status.log_ends_at(7);
        status.log_fails(Error::new(ErrorKind::Unavailable, "no such stream"));
        assert!(status.trouble().is_none(), "that may be an election");
        let long_ago = Instant::now().checked_sub(SILENT_AT_MOST + Duration::from_secs(1));
        status.answers.lock().last = long_ago;
        let trouble = status.trouble().unwrap();
        assert!(trouble.message().contains("for 11 s"), "{trouble}");
        assert!(trouble.source().unwrap().to_string().contains("no such stream"));
        status.log_ends_at(7);
        assert!(status.trouble().is_none());
    }
}
