//! What was tried on a store, and whether what is stored can have come from it.
//!
//! Every append is noted with its outcome and with when it began and ended, on a clock that only
//! orders. [`History::check`] compares the notes with the events that are stored:
//!
//! * an acknowledged event is stored once, as it was written, where its answer says;
//! * a refused event is not stored; one whose outcome is unknown is stored once or not at all;
//! * nothing else is stored, except what the store writes itself;
//! * an append is stored whole and together, or not at all;
//! * versions have no gaps;
//! * what began after another append had been acknowledged stands after it;
//! * an accepted condition held at the place where its append stands, and a refused one names an
//!   event that matches it.

mod conditions;
mod events;
mod order;

use std::{
    collections::HashSet,
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use annals_core::{Append, Appended, Backend, ConditionFailed, ErrorKind, RecordedEvent, Result};
use futures_lite::future::block_on;

/// The notes, shared by all who work on a store.
#[derive(Debug, Default)]
pub struct History {
    attempts: Mutex<Vec<Attempt>>,
    clock: AtomicU64,
}

/// What became of an append.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was acknowledged.
    Stored(Appended),
    /// It was refused for good; by a condition, when there are facts.
    Refused(Option<ConditionFailed>),
    /// Nobody knows: the answer was lost.
    Unknown,
}

/// One append that was tried.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) append: Append,
    pub(crate) outcome: Outcome,
    pub(crate) began: u64,
    pub(crate) ended: u64,
}

/// What cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(String);

impl History {
    /// An empty history.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends, and notes it.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn append(&self, backend: &dyn Backend, append: Append) -> Result<Appended> {
        let began = self.now();
        let result = block_on(backend.append(append.clone()));
        self.note(append, Outcome::of(&result), began);
        result
    }

    /// The moment now, to give to [`note`](Self::note) later.
    pub fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// Notes an append that began at a moment and ends now.
    pub fn note(&self, append: Append, outcome: Outcome, began: u64) {
        let ended = self.now();
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.push(Attempt { append, outcome, began, ended });
    }

    /// What cannot be about these events, which are all that is stored, in order.
    #[must_use]
    pub fn violations(&self, stored: &[RecordedEvent]) -> Vec<Violation> {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut violations = events::violations(&attempts, stored);
        violations.extend(order::violations(&attempts, stored));
        violations.extend(conditions::violations(&attempts, stored));
        violations
    }

    /// How many acknowledged appends are not among these events, or not wholly: for stores of which
    /// it is known that they have lost something.
    #[must_use]
    pub fn lost(&self, stored: &[RecordedEvent]) -> usize {
        let stored: HashSet<_> = stored.iter().map(|event| (&event.stream, event.id)).collect();
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let acknowledged =
            attempts.iter().filter(|attempt| matches!(attempt.outcome, Outcome::Stored(_)));
        let is_lost = |attempt: &&Attempt| {
            let mut writes = attempt.append.writes.iter();
            writes.any(|write| {
                write.events.iter().any(|event| !stored.contains(&(&write.stream, event.id)))
            })
        };
        acknowledged.filter(is_lost).count()
    }

    /// Panics with what cannot be about these events, if there is anything.
    ///
    /// # Panics
    /// When there is a violation.
    #[track_caller]
    pub fn check(&self, stored: &[RecordedEvent]) {
        let violations = self.violations(stored);
        let shown: Vec<_> = violations.iter().take(10).map(ToString::to_string).collect();
        let count = violations.len();
        assert!(violations.is_empty(), "{count} violations, beginning with:\n{}", shown.join("\n"));
    }
}

impl Outcome {
    /// What an answer means. An error that does not say that the append was refused leaves open
    /// whether it was stored.
    #[must_use]
    pub fn of(result: &Result<Appended>) -> Self {
        match result {
            Ok(appended) => Self::Stored(appended.clone()),
            Err(error) => match error.kind() {
                ErrorKind::Unavailable
                | ErrorKind::Timeout
                | ErrorKind::Poisoned
                | ErrorKind::Closed
                | ErrorKind::Internal => Self::Unknown,
                _ => Self::Refused(error.condition_failed()),
            },
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
