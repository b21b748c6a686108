//! What went wrong with a call, as far as that follows from the connection or from the code of the
//! answer alone.

use std::{error::Error as StdError, time::Duration};

use annals_core::{Error, ErrorKind};
use tonic::{Code, ConnectError, Status};

/// Why a call has no answer of the kind that was asked for.
#[derive(Debug)]
pub enum Failed {
    /// The server answered with an error.
    Answered(Error),
    /// The server was not reached: it knows nothing of the call.
    Unreached(Error),
    /// The call may have reached the server, but its answer did not come back.
    Lost(Error),
}

impl Failed {
    /// The error for those who only look: what was lost can be asked again.
    #[must_use]
    pub fn of_question(self) -> Error {
        match self {
            Self::Answered(error) | Self::Unreached(error) | Self::Lost(error) => error,
        }
    }
}

/// What became of the connection, where that is why a call failed; `None` when the server answered.
#[must_use]
pub fn of_connection(status: &Status) -> Option<Failed> {
    if caused_by::<ConnectError>(status) {
        return Some(unreached(&deepest(status)));
    }
    status.source()?;
    let why = format!("the connection to the server was lost ({})", deepest(status));
    Some(Failed::Lost(Error::new(ErrorKind::Unavailable, why)))
}

/// What a server says that has no word of ours for it: a proxy, another service, or the library
/// that it is written with. `protocol` is whose protocol it was asked in.
#[must_use]
pub fn of_code(status: &Status, protocol: &str) -> Failed {
    let (code, message) = (status.code(), status.message());
    let kind = match code {
        Code::Unavailable | Code::Cancelled | Code::Aborted => {
            let why = format!("the server cannot answer now: {message}");
            return Failed::Lost(Error::new(ErrorKind::Unavailable, why));
        }
        Code::DeadlineExceeded => ErrorKind::Timeout,
        Code::Unauthenticated => ErrorKind::Unauthenticated,
        Code::PermissionDenied => ErrorKind::PermissionDenied,
        Code::InvalidArgument => ErrorKind::InvalidArgument,
        Code::OutOfRange | Code::ResourceExhausted => ErrorKind::TooLarge,
        Code::Unimplemented => {
            let why = format!("the server does not speak the protocol of {protocol} ({message})");
            return Failed::Answered(Error::new(ErrorKind::Unsupported, why));
        }
        _ => ErrorKind::Internal,
    };
    Failed::Answered(Error::new(kind, format!("the server answered {code:?}: {message}")))
}

/// No connection was made. The library tells reasons apart by words alone.
fn unreached(reason: &str) -> Failed {
    let (kind, hint) = match reason {
        _ if reason.contains("InvalidContentType") => {
            (ErrorKind::Unavailable, "; if it runs without encryption, say `tls=false` in its URL")
        }
        _ if reason.contains("UnknownIssuer") => (
            ErrorKind::Unauthenticated,
            "; its certificate does not go back to a trusted one: give that of its authority as \
             `ca` in the URL, or as `tlsCaFile` in that of a KurrentDB",
        ),
        _ if reason.contains("invalid peer certificate") => {
            (ErrorKind::Unauthenticated, "; its certificate is refused")
        }
        _ => (ErrorKind::Unavailable, ""),
    };
    let error = Error::new(kind, format!("the server cannot be reached ({reason}){hint}"));
    match kind {
        // A certificate does not get better by waiting.
        ErrorKind::Unauthenticated => Failed::Answered(error),
        _ => Failed::Unreached(error),
    }
}

/// No answer came in time.
#[must_use]
pub fn late(limit: Duration) -> Failed {
    let why = format!("the server did not answer within {limit:?}");
    Failed::Lost(Error::new(ErrorKind::Timeout, why))
}

fn chain(status: &Status) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(status.source(), |&cause| cause.source())
}

fn caused_by<E: StdError + 'static>(status: &Status) -> bool {
    chain(status).any(|cause| cause.is::<E>())
}

/// What it was in the end: the layers above it only say that something failed.
fn deepest(status: &Status) -> String {
    chain(status).last().map_or_else(|| status.message().to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_our_words_is_understood_by_its_code() {
        let kind = |code| match of_code(&Status::new(code, "why"), "Annals") {
            Failed::Answered(error) => error.kind(),
            failed => panic!("{failed:?}"),
        };
        assert_eq!(kind(Code::Unauthenticated), ErrorKind::Unauthenticated);
        assert_eq!(kind(Code::PermissionDenied), ErrorKind::PermissionDenied);
        assert_eq!(kind(Code::Unimplemented), ErrorKind::Unsupported);
        assert_eq!(kind(Code::OutOfRange), ErrorKind::TooLarge);
        assert_eq!(kind(Code::Unknown), ErrorKind::Internal);
    }

    #[test]
    fn who_speaks_past_the_encryption_is_told_what_to_change() {
        let told = |reason| unreached(reason).of_question();
        let plain = told("received corrupt message of type InvalidContentType");
        assert!(plain.to_string().contains("`tls=false`"), "{plain}");
        let unknown = told("invalid peer certificate: UnknownIssuer");
        assert_eq!(unknown.kind(), ErrorKind::Unauthenticated);
        assert!(unknown.to_string().contains("`ca`"), "{unknown}");
        assert_eq!(told("connection refused").kind(), ErrorKind::Unavailable);
    }

    #[test]
    fn a_server_that_stops_may_have_done_what_it_was_asked() {
        let failed = of_code(&Status::unavailable("stopping"), "Annals");
        assert!(matches!(&failed, Failed::Lost(error) if error.kind() == ErrorKind::Unavailable));
    }
}
