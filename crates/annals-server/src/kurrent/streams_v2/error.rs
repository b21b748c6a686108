//! Errors of version 2: a gRPC status whose trailer `grpc-status-details-bin` says the same once
//! more, with the reason as a word and the facts in a message of their own.
//!
//! Code and message in the trailer are those of the status; clients refuse it otherwise. The facts
//! come last: some clients keep one detail only, and that is the last.

use annals_core::{Error, ErrorKind, ExpectedVersion, StreamName, limits};
use annals_proto::{
    google_rpc::{self, BadRequest, ErrorInfo, bad_request::FieldViolation},
    kurrent_rpc::AccessDeniedErrorDetails,
    kurrentdb_v2::errors::{
        AppendConsistencyViolationErrorDetails, AppendRecordSizeExceededErrorDetails,
        AppendTransactionSizeExceededErrorDetails, ConsistencyViolation,
        StreamAlreadyInAppendSessionErrorDetails, StreamNotFoundErrorDetails,
        StreamRevisionConflictErrorDetails, StreamTombstonedErrorDetails,
    },
};
use prost::{Message, Name};
use prost_types::Any;
use tonic::{Code, Status};

use super::number;
use crate::wire::status::expected_number;

/// Which part of the server a reason belongs to.
#[derive(Debug, Clone, Copy)]
enum Domain {
    Server,
    Streams,
}

/// The status of an error of the store.
pub(super) fn of_error(error: &Error) -> Status {
    let message = error.to_string();
    match error.kind() {
        ErrorKind::WrongExpectedVersion => revision_conflict(error),
        ErrorKind::StreamDeleted => tombstoned(stream_of(error)),
        ErrorKind::StreamNotFound => {
            let details = StreamNotFoundErrorDetails { stream: stream_of(error).to_owned() };
            streams(Code::NotFound, "STREAM_NOT_FOUND", &message, Some(any(&details)))
        }
        ErrorKind::InvalidArgument => server(Code::InvalidArgument, "BAD_REQUEST", &message, None),
        ErrorKind::TooLarge => too_large(error),
        ErrorKind::Unauthenticated => Status::unauthenticated(message),
        ErrorKind::PermissionDenied => access_denied(),
        ErrorKind::Timeout => server(Code::DeadlineExceeded, "OPERATION_TIMEOUT", &message, None),
        // A check that cannot be told apart from one that came too late is answered like a server
        // that has too much to do: the client may come again.
        ErrorKind::ConditionFailed => {
            server(Code::Unavailable, "SERVER_OVERLOADED", &message, None)
        }
        ErrorKind::Unavailable | ErrorKind::Poisoned => {
            server(Code::Unavailable, "SERVER_NOT_READY", &message, None)
        }
        ErrorKind::Closed => server(Code::Unavailable, "SERVER_SHUTTING_DOWN", &message, None),
        ErrorKind::Unsupported => Status::unimplemented(message),
        ErrorKind::Corrupted
        | ErrorKind::Undecodable
        | ErrorKind::Application
        | ErrorKind::Internal
        | _ => server(Code::Internal, "SERVER_MALFUNCTION", &message, None),
    }
}

/// A field of the request makes no sense.
pub(super) fn bad_request(field: &str, why: &str) -> Status {
    let violation = FieldViolation { field: field.to_owned(), description: why.to_owned() };
    let details = BadRequest { field_violations: vec![violation] };
    server(Code::InvalidArgument, "BAD_REQUEST", why, Some(any(&details)))
}

/// A session that ended before it began.
pub(super) fn no_requests() -> Status {
    let message = "the append session has no requests";
    streams(Code::FailedPrecondition, "APPEND_SESSION_NO_REQUESTS", message, None)
}

/// A stream that came a second time in one session.
pub(super) fn already_in_session(stream: &StreamName) -> Status {
    let details = StreamAlreadyInAppendSessionErrorDetails { stream: stream.to_string() };
    let message = format!("stream '{stream}' is in the append session already");
    streams(Code::Aborted, "STREAM_ALREADY_IN_APPEND_SESSION", &message, Some(any(&details)))
}

/// A record over the limit.
pub(super) fn record_too_large(stream: &StreamName, record_id: String, size: usize) -> Status {
    let max = limits::EVENT_BYTES_MAX;
    let message =
        format!("record '{record_id}' for stream '{stream}' has {size} bytes, the limit is {max}");
    let details = AppendRecordSizeExceededErrorDetails {
        stream: stream.to_string(),
        record_id,
        size: small(size),
        max_size: small(max),
    };
    streams(Code::InvalidArgument, "APPEND_RECORD_SIZE_EXCEEDED", &message, Some(any(&details)))
}

/// All records together are over the limit.
pub(super) fn transaction_too_large(size: usize) -> Status {
    let max = limits::APPEND_BYTES_MAX;
    let message = format!("the append has {size} bytes so far, the limit is {max}");
    let details =
        AppendTransactionSizeExceededErrorDetails { size: small(size), max_size: small(max) };
    let reason = "APPEND_TRANSACTION_SIZE_EXCEEDED";
    streams(Code::Aborted, reason, &message, Some(any(&details)))
}

/// Checks that failed, all of them.
pub(super) fn violations(violations: Vec<ConsistencyViolation>) -> Status {
    let message = format!("{} of the append's consistency checks failed", violations.len());
    let details = AppendConsistencyViolationErrorDetails { violations };
    let reason = "APPEND_CONSISTENCY_VIOLATION";
    streams(Code::FailedPrecondition, reason, &message, Some(any(&details)))
}

fn revision_conflict(error: &Error) -> Status {
    let Some(facts) = error.wrong_expected_version() else {
        return Status::failed_precondition(error.to_string());
    };
    let details = StreamRevisionConflictErrorDetails {
        stream: facts.stream.to_string(),
        expected_revision: expected_number(facts.expected),
        actual_revision: facts
            .actual
            .map_or(expected_number(ExpectedVersion::NoStream), |version| number(version.get())),
    };
    let message = format!(
        "stream '{}': expected revision {}, but it is at {}",
        details.stream, details.expected_revision, details.actual_revision
    );
    let reason = "STREAM_REVISION_CONFLICT";
    streams(Code::FailedPrecondition, reason, &message, Some(any(&details)))
}

fn tombstoned(stream: &str) -> Status {
    let details = StreamTombstonedErrorDetails { stream: stream.to_owned() };
    let message = format!("stream '{stream}' is deleted");
    streams(Code::FailedPrecondition, "STREAM_TOMBSTONED", &message, Some(any(&details)))
}

fn too_large(error: &Error) -> Status {
    let fact = |name| error.context().iter().find(|(fact, _)| *fact == name);
    let number = |name| fact(name).and_then(|(_, value)| value.parse::<usize>().ok());
    match (number("actual"), number("limit")) {
        (Some(size), Some(limits::APPEND_BYTES_MAX)) => transaction_too_large(size),
        _ => server(Code::InvalidArgument, "BAD_REQUEST", &error.to_string(), None),
    }
}

fn access_denied() -> Status {
    let details = AccessDeniedErrorDetails {
        operation: "append".to_owned(),
        username: None,
        permission: None,
    };
    server(Code::PermissionDenied, "ACCESS_DENIED", "Access Denied", Some(any(&details)))
}

fn stream_of(error: &Error) -> &str {
    let named = error.context().iter().find(|(name, _)| *name == "stream");
    named.map_or("", |(_, stream)| stream)
}

fn small(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn any<T: Name>(message: &T) -> Any {
    Any { type_url: T::type_url(), value: message.encode_to_vec() }
}

fn server(code: Code, reason: &str, message: &str, facts: Option<Any>) -> Status {
    detailed(code, Domain::Server, reason, message, facts)
}

fn streams(code: Code, reason: &str, message: &str, facts: Option<Any>) -> Status {
    detailed(code, Domain::Streams, reason, message, facts)
}

fn detailed(code: Code, domain: Domain, reason: &str, message: &str, facts: Option<Any>) -> Status {
    let domain = match domain {
        Domain::Server => "server",
        Domain::Streams => "streams",
    };
    let info =
        ErrorInfo { reason: reason.to_owned(), domain: domain.to_owned(), ..ErrorInfo::default() };
    let details = [any(&info)].into_iter().chain(facts).collect();
    let status = google_rpc::Status { code: code as i32, message: message.to_owned(), details };
    Status::with_details(code, message, status.encode_to_vec().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: &Status) -> Option<String> {
        let details = google_rpc::Status::decode(status.details()).unwrap();
        if status.details().is_empty() {
            return None;
        }
        assert_eq!(
            (details.code, details.message.as_str()),
            (status.code() as i32, status.message())
        );
        let info = ErrorInfo::decode(details.details[0].value.as_slice()).unwrap();
        Some(info.reason)
    }

    #[test]
    fn every_kind_has_the_reason_that_clients_know() {
        let expected = |kind| match kind {
            ErrorKind::StreamDeleted => Some("STREAM_TOMBSTONED"),
            ErrorKind::StreamNotFound => Some("STREAM_NOT_FOUND"),
            ErrorKind::InvalidArgument | ErrorKind::TooLarge => Some("BAD_REQUEST"),
            ErrorKind::PermissionDenied => Some("ACCESS_DENIED"),
            ErrorKind::Timeout => Some("OPERATION_TIMEOUT"),
            ErrorKind::ConditionFailed => Some("SERVER_OVERLOADED"),
            ErrorKind::Unavailable | ErrorKind::Poisoned => Some("SERVER_NOT_READY"),
            ErrorKind::Closed => Some("SERVER_SHUTTING_DOWN"),
            // The first needs the facts of a conflict; the other two say all by their code.
            ErrorKind::WrongExpectedVersion
            | ErrorKind::Unauthenticated
            | ErrorKind::Unsupported => None,
            _ => Some("SERVER_MALFUNCTION"),
        };
        for kind in ErrorKind::ALL {
            let status = of_error(&Error::new(kind, "a reason"));
            assert_eq!(reason(&status).as_deref(), expected(kind), "{kind:?}");
        }
    }

    #[test]
    fn a_conflict_says_both_revisions_last() {
        let stream = StreamName::new("a").unwrap();
        let error = Error::wrong_expected_version_of(stream, ExpectedVersion::StreamExists, None);
        let status = of_error(&error);
        assert_eq!(reason(&status).as_deref(), Some("STREAM_REVISION_CONFLICT"));
        let details = google_rpc::Status::decode(status.details()).unwrap().details;
        let last = details.last().unwrap();
        let facts = StreamRevisionConflictErrorDetails::decode(last.value.as_slice()).unwrap();
        assert_eq!((facts.expected_revision, facts.actual_revision), (-4, -1));
    }

    #[test]
    fn an_append_over_the_limit_says_so() {
        let error = Error::too_large("it", limits::APPEND_BYTES_MAX + 1, limits::APPEND_BYTES_MAX);
        let status = of_error(&error);
        assert_eq!(status.code(), Code::Aborted);
        assert_eq!(reason(&status).as_deref(), Some("APPEND_TRANSACTION_SIZE_EXCEEDED"));
    }
}
