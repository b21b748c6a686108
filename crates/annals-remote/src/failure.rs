//! What went wrong with a call: what the server says, or what became of the connection.

use std::error::Error as StdError;

use annals_core::{Error, ErrorKind};
use annals_proto::annals as messages;
use tonic::{Code, ConnectError, Status};

use crate::wire::error;

/// Why a call has no answer of the kind that was asked for.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The server answered with an error.
    Answered(Error),
    /// The server was not reached: it knows nothing of the call.
    Unreached(Error),
    /// The call may have reached the server, but its answer did not come back.
    Lost(Error),
}

impl Failed {
    /// The error for those who only look: what was lost can be asked again.
    pub(crate) fn of_question(self) -> Error {
        match self {
            Self::Answered(error) | Self::Unreached(error) | Self::Lost(error) => error,
        }
    }
}

/// Why a call failed.
pub(crate) fn failed(status: &Status) -> Failed {
    if let Some(info) = error::find(status) {
        let is_going = info.kind() == messages::ErrorKind::Closed;
        let error = error::from_wire(info);
        if is_going {
            // Closed is what a handle is; the store of a server comes back with it.
            let why = format!("the server is closing its store ({error})");
            return Failed::Lost(Error::new(ErrorKind::Unavailable, why));
        }
        return Failed::Answered(error);
    }
    if caused_by::<ConnectError>(status) {
        return unreached(&deepest(status));
    }
    if status.source().is_some() {
        let why = format!("the connection to the server was lost ({})", deepest(status));
        return Failed::Lost(Error::new(ErrorKind::Unavailable, why));
    }
    of_code(status)
}

/// What a server says that has no word of ours for it: a proxy, another service, or the library
/// that it is written with.
fn of_code(status: &Status) -> Failed {
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
            let why = format!("the server does not speak the protocol of Annals ({message})");
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
             `ca` in the URL",
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
pub(crate) fn late(limit: std::time::Duration) -> Failed {
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
        let kind = |code| match failed(&Status::new(code, "why")) {
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
        let failed = failed(&Status::unavailable("stopping"));
        assert!(matches!(&failed, Failed::Lost(error) if error.kind() == ErrorKind::Unavailable));
    }
}
