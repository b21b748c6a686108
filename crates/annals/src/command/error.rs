//! Why a command was not done.

use std::{error::Error as StdError, fmt};

use annals_core::{Error, ErrorKind};

/// Why a command was not done. Nothing was written, except possibly after `Failed` with kind
/// [`Timeout`](ErrorKind::Timeout), and certainly when the error says that the command was done
/// (see [`Execute::wait_for`](crate::Execute::wait_for)).
#[derive(Debug, Clone)]
pub enum ExecuteError<E> {
    /// The decision was a refusal.
    Rejected(E),
    /// It could not be decided or written. Others being faster each time is a
    /// [`WrongExpectedVersion`](ErrorKind::WrongExpectedVersion) or
    /// [`ConditionFailed`](ErrorKind::ConditionFailed).
    Failed(Error),
}

impl<E> ExecuteError<E> {
    /// Why it was refused, if it was.
    #[must_use]
    pub const fn rejection(&self) -> Option<&E> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            Self::Failed(_) => None,
        }
    }

    /// The failure, if it is one.
    #[must_use]
    pub const fn failure(&self) -> Option<&Error> {
        match self {
            Self::Rejected(_) => None,
            Self::Failed(error) => Some(error),
        }
    }

    /// Whether others were faster each time.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.failure().is_some_and(is_conflict)
    }
}

/// Whether somebody else was faster.
pub(crate) fn is_conflict(error: &Error) -> bool {
    [ErrorKind::WrongExpectedVersion, ErrorKind::ConditionFailed].contains(&error.kind())
}

impl<E> From<Error> for ExecuteError<E> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<E: fmt::Display> fmt::Display for ExecuteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => write!(f, "refused: {rejection}"),
            Self::Failed(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl<E: StdError + 'static> StdError for ExecuteError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Rejected(rejection) => rejection.source(),
            Self::Failed(error) => error.source(),
        }
    }
}
