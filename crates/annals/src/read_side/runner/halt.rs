//! Why a partition does not simply go on.

use annals_core::{Error, ErrorKind};

use super::super::{ReadStore, Trouble};
use crate::BoxError;

/// Why a partition does not go on with the next events.
#[derive(Debug)]
pub(in crate::read_side) enum Halt {
    /// It was told to stop.
    Stop,
    /// It may be over in a moment, so it is tried again for as long as it takes.
    Passing(Error),
    /// It is tried again some times.
    Lasting(Error),
    /// Somebody has to do something first.
    Pause(Error),
    /// The checkpoint is not where it was: somebody else is at work.
    Moved(Error),
}

/// Why a transaction was not committed.
#[derive(Debug)]
pub(super) enum Failure {
    /// An event could not be applied.
    Event(Culprit),
    /// No event is to blame.
    Halt(Halt),
    /// One of several events could not be applied, or more; which is not known.
    Together(Error),
    /// A table may be missing.
    Schema(Culprit),
}

/// The event that could not be applied.
#[derive(Debug)]
pub(super) struct Culprit {
    /// Its record's place among those of the transaction.
    pub(super) index: usize,
    /// Which part of the record; `None` for all of it.
    pub(super) part: Option<u32>,
    pub(super) error: Error,
}

impl From<Halt> for Failure {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl Failure {
    /// What went wrong; `None` when it only was told to stop.
    pub(super) const fn error(&self) -> Option<&Error> {
        match self {
            Self::Event(culprit) | Self::Schema(culprit) => Some(&culprit.error),
            Self::Halt(Halt::Stop) => None,
            Self::Together(error)
            | Self::Halt(
                Halt::Passing(error)
                | Halt::Lasting(error)
                | Halt::Pause(error)
                | Halt::Moved(error),
            ) => Some(error),
        }
    }
}

impl Halt {
    /// For an error of the database.
    pub(super) fn of_database<S: ReadStore>(error: Error) -> Self {
        if error.kind() == ErrorKind::ConditionFailed {
            return Self::Moved(error);
        }
        let boxed: BoxError = Box::new(error.clone());
        match S::trouble(&boxed) {
            Some(Trouble::Passing(_)) => Self::Passing(error),
            _ => Self::Lasting(error),
        }
    }

    /// For an error of the event store.
    pub(in crate::read_side) fn of_events(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Timeout => Self::Passing(error),
            ErrorKind::Closed => Self::Pause(error),
            _ => Self::Lasting(error),
        }
    }
}
