//! Why a server did not do what it was asked.

use std::fmt;

use annals_client::{of_code, of_connection};
use annals_core::{Error, ErrorKind};
use tonic::{Code, Status};

/// Why a server did not do what it was asked.
///
/// The store's kinds of error have no words for groups and users, so two are here.
#[derive(Debug)]
pub enum Refused {
    /// There is no such group or user.
    NotFound(String),
    /// There is one of that name already, or it was changed by somebody else meanwhile.
    Conflict(String),
    /// Anything else, by its kind.
    Failed(Error),
}

/// What came of asking a server.
pub type Result<T, E = Refused> = std::result::Result<T, E>;

/// The trailer that says what kind of failure it is.
const KIND: &str = "exception";

impl Refused {
    /// What a call was answered with.
    pub(crate) fn of(status: &Status) -> Self {
        let kind = status.metadata().get(KIND).and_then(|kind| kind.to_str().ok());
        let message = || status.message().trim_end_matches('.').to_owned();
        let failed = |kind| Self::Failed(Error::new(kind, message()));
        match kind {
            Some("persistent-subscription-does-not-exist" | "user-not-found") => {
                Self::NotFound(message())
            }
            Some("persistent-subscription-exists" | "user-conflict") => Self::Conflict(message()),
            Some("maximum-subscribers-reached") => failed(ErrorKind::Unavailable),
            Some("persistent-subscription-dropped") => failed(ErrorKind::Closed),
            Some("persistent-subscription-failed") => failed(ErrorKind::InvalidArgument),
            Some("access-denied") => failed(ErrorKind::PermissionDenied),
            Some("stream-not-found") => failed(ErrorKind::StreamNotFound),
            Some("stream-deleted") => failed(ErrorKind::StreamDeleted),
            _ if status.code() == Code::Unimplemented => Self::Failed(Error::new(
                ErrorKind::Unsupported,
                "the server does not have this service of KurrentDB",
            )),
            _ => {
                let failed = of_connection(status).unwrap_or_else(|| of_code(status, "KurrentDB"));
                Self::Failed(failed.of_question())
            }
        }
    }

    /// An answer that makes no sense.
    pub(crate) fn unreadable(what: &str) -> Self {
        Self::Failed(Error::new(ErrorKind::Internal, format!("the server answered without {what}")))
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(why) | Self::Conflict(why) => f.write_str(why),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotFound(_) | Self::Conflict(_) => None,
            Self::Failed(error) => error.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: Code, kind: &'static str) -> Refused {
        let mut status = Status::new(code, "It is so.");
        status.metadata_mut().insert(KIND, kind.parse().unwrap());
        Refused::of(&status)
    }

    #[test]
    fn a_refusal_is_known_by_its_trailer() {
        let missing = told(Code::NotFound, "persistent-subscription-does-not-exist");
        assert!(matches!(missing, Refused::NotFound(why) if why == "It is so"));
        let exists = told(Code::FailedPrecondition, "user-conflict");
        assert!(matches!(exists, Refused::Conflict(_)));
        let failed = |code, kind| match told(code, kind) {
            Refused::Failed(error) => error.kind(),
            refused => panic!("{refused:?}"),
        };
        let full = failed(Code::FailedPrecondition, "maximum-subscribers-reached");
        assert_eq!(full, ErrorKind::Unavailable);
        let wrong = failed(Code::Internal, "persistent-subscription-failed");
        assert_eq!(wrong, ErrorKind::InvalidArgument);
        assert_eq!(failed(Code::Unimplemented, "new"), ErrorKind::Unsupported);
    }
}
