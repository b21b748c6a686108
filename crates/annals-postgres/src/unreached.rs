//! A server that takes no connection, or that takes one and then says nothing.

use std::{error, fmt, time::Duration};

use annals_core::{Error, ErrorKind};

use crate::failure::failed;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Unreached {
    Refused(tokio_postgres::Error),
    /// It did not take us in time.
    Silent(Duration),
}

impl Unreached {
    /// The error of a call, with what was being done.
    pub(crate) fn while_doing(self, what: &str) -> Error {
        match self {
            Self::Refused(error) => failed(what, error),
            Self::Silent(_) => Error::new(
                ErrorKind::Unavailable,
                format!(
                    "PostgreSQL could not be reached while {what}: {self}; raise \
                     `connect_timeout` if it is too short"
                ),
            )
            .caused_by(self),
        }
    }
}

impl From<tokio_postgres::Error> for Unreached {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Silent(limit) => {
                write!(f, "the server did not take the connection within {limit:?}")
            }
        }
    }
}

impl error::Error for Unreached {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Refused(error) => error.source(),
            Self::Silent(_) => None,
        }
    }
}
