//! What a reactor says about an event it could not react to.

use std::{error::Error as StdError, fmt};

use annals_core::{Error, ErrorKind};

use crate::BoxError;

/// Why there was no reaction, and what to do now. `?` makes any error a [`Retry`](Self::Retry).
#[derive(Debug)]
pub enum Nack {
    /// Try again, and in the end do what the run says.
    Retry(BoxError),
    /// Leave the event out.
    Skip(BoxError),
    /// Set the event aside as a dead letter.
    DeadLetter(BoxError),
    /// Stop before the event until somebody says to resume.
    Pause(BoxError),
}

impl Nack {
    /// Why there was no reaction.
    #[must_use]
    pub const fn reason(&self) -> &BoxError {
        match self {
            Self::Retry(why) | Self::Skip(why) | Self::DeadLetter(why) | Self::Pause(why) => why,
        }
    }

    /// As an error of the application.
    pub(super) fn to_error(&self) -> Error {
        Error::new(ErrorKind::Application, self.reason().to_string())
    }
}

// It is no error itself, or it could not be made from all errors.
impl<E: StdError + Send + Sync + 'static> From<E> for Nack {
    fn from(error: E) -> Self {
        Self::Retry(Box::new(error))
    }
}

impl fmt::Display for Nack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.reason(), f)
    }
}
