//! Errors of the store as KurrentDB's clients know them: a gRPC status, and for most kinds the
//! trailer `exception` with the facts beside it.
//!
//! Clients decide by the trailer, by the code, or by words of the message, each in its own way, so
//! all three are part of the protocol.

use annals_core::{Error, ErrorKind, ExpectedVersion, Version, limits};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tonic::{
    Code, Status,
    metadata::{AsciiMetadataKey, AsciiMetadataValue},
};

/// What is not allowed in a trailer, and the sign that would make the escape ambiguous.
const NOT_IN_TRAILERS: &AsciiSet = &CONTROLS.add(b'%');

/// The status of an error.
pub(crate) fn status(error: &Error) -> Status {
    let message = error.to_string();
    match error.kind() {
        ErrorKind::WrongExpectedVersion => wrong_expected_version(error),
        ErrorKind::ConditionFailed => Status::failed_precondition(message),
        ErrorKind::StreamNotFound => stream_not_found(error),
        ErrorKind::StreamDeleted => stream_deleted(error),
        ErrorKind::InvalidArgument => Status::invalid_argument(message),
        ErrorKind::TooLarge => too_large(error),
        ErrorKind::Unsupported => Status::unimplemented(message),
        ErrorKind::Unauthenticated => Status::unauthenticated(message),
        ErrorKind::PermissionDenied => access_denied(),
        ErrorKind::Unavailable | ErrorKind::Poisoned | ErrorKind::Closed => {
            Status::unavailable(message)
        }
        // What other servers answer here; clients take it for a timeout.
        ErrorKind::Timeout => Status::aborted(format!("Operation timed out: {message}")),
        ErrorKind::Corrupted => Status::data_loss(message),
        ErrorKind::Undecodable | ErrorKind::Application | ErrorKind::Internal => {
            Status::internal(message)
        }
        _ => Status::unknown(message),
    }
}

/// A status with the trailers that tell clients the kind.
pub(crate) fn exception(
    code: Code,
    kind: &'static str,
    message: impl Into<String>,
    facts: &[(&'static str, &str)],
) -> Status {
    let mut status = Status::new(code, message);
    let all = [("exception", kind)];
    for (name, value) in all.iter().chain(facts) {
        let value = utf8_percent_encode(value, NOT_IN_TRAILERS).to_string();
        if let Ok(value) = AsciiMetadataValue::try_from(value) {
            status.metadata_mut().insert(AsciiMetadataKey::from_static(name), value);
        }
    }
    status
}

/// Who is asking may not.
pub(crate) fn access_denied() -> Status {
    exception(Code::PermissionDenied, "access-denied", "Access Denied", &[])
}

/// An expected version as the number that trailers and messages carry.
pub(crate) fn expected_number(expected: ExpectedVersion) -> i64 {
    match expected {
        ExpectedVersion::Any => -2,
        ExpectedVersion::NoStream => -1,
        ExpectedVersion::StreamExists => -4,
        ExpectedVersion::Exact(version) => number(version),
    }
}

fn number(version: Version) -> i64 {
    i64::try_from(version.get()).unwrap_or(i64::MAX)
}

/// Only deletes are answered in this way; an append's answer has a field for it.
fn wrong_expected_version(error: &Error) -> Status {
    let Some(facts) = error.wrong_expected_version() else {
        return Status::failed_precondition(error.to_string());
    };
    let stream = facts.stream.as_str();
    let expected = expected_number(facts.expected).to_string();
    let actual = facts.actual.map_or(-1, number).to_string();
    let message = format!(
        "Delete failed due to WrongExpectedVersion. Stream: {stream}, Expected version: \
         {expected}, Actual version: {actual}"
    );
    let facts =
        [("stream-name", stream), ("expected-version", &expected), ("actual-version", &actual)];
    exception(Code::FailedPrecondition, "wrong-expected-version", message, &facts)
}

fn stream_of(error: &Error) -> &str {
    let named = error.context().iter().find(|(name, _)| *name == "stream");
    named.map_or("", |(_, stream)| stream)
}

fn stream_not_found(error: &Error) -> Status {
    if let Some((_, index)) = error.context().iter().find(|(name, _)| *name == "index") {
        let message = format!("Index '{index}' not found.");
        return exception(Code::NotFound, "index-not-found", message, &[("index-name", index)]);
    }
    let stream = stream_of(error);
    let message = format!("Event stream '{stream}' is not found.");
    exception(Code::NotFound, "stream-not-found", message, &[("stream-name", stream)])
}

fn stream_deleted(error: &Error) -> Status {
    let stream = stream_of(error);
    let message = format!("Event stream '{stream}' is deleted.");
    exception(Code::FailedPrecondition, "stream-deleted", message, &[("stream-name", stream)])
}

/// A single event that is too large is found before the store is asked; what is left is the size
/// of the whole, or a count.
fn too_large(error: &Error) -> Status {
    let limit = limits::APPEND_BYTES_MAX.to_string();
    let facts = [("maximum-append-size", limit.as_str())];
    let is_size = error.context().iter().any(|(name, value)| *name == "limit" && *value == limit);
    if is_size {
        let message = format!("Maximum Append Size of {limit} Exceeded.");
        return exception(Code::InvalidArgument, "maximum-append-size-exceeded", message, &facts);
    }
    Status::invalid_argument(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::StreamName;

    fn trailer<'a>(status: &'a Status, name: &str) -> Option<&'a str> {
        status.metadata().get(name)?.to_str().ok()
    }

    #[test]
    fn every_kind_has_the_status_that_clients_expect() {
        let expected = |kind| match kind {
            ErrorKind::WrongExpectedVersion
            | ErrorKind::ConditionFailed
            | ErrorKind::StreamDeleted => Code::FailedPrecondition,
            ErrorKind::StreamNotFound => Code::NotFound,
            ErrorKind::InvalidArgument | ErrorKind::TooLarge => Code::InvalidArgument,
            ErrorKind::Unsupported => Code::Unimplemented,
            ErrorKind::Unauthenticated => Code::Unauthenticated,
            ErrorKind::PermissionDenied => Code::PermissionDenied,
            ErrorKind::Unavailable | ErrorKind::Poisoned | ErrorKind::Closed => Code::Unavailable,
            ErrorKind::Timeout => Code::Aborted,
            ErrorKind::Corrupted => Code::DataLoss,
            _ => Code::Internal,
        };
        for kind in ErrorKind::ALL {
            let status = status(&Error::new(kind, "a reason"));
            assert_eq!(status.code(), expected(kind), "{kind:?}");
        }
    }

    #[test]
    fn a_conflict_says_what_clients_parse() {
        let stream = StreamName::new("account-1").unwrap();
        let expected = ExpectedVersion::Exact(Version::new(7));
        let status = status(&Error::wrong_expected_version_of(stream, expected, None));
        assert_eq!(trailer(&status, "exception"), Some("wrong-expected-version"));
        assert_eq!(trailer(&status, "expected-version"), Some("7"));
        assert_eq!(trailer(&status, "actual-version"), Some("-1"));
        assert!(status.message().contains("Actual version: -1"), "{}", status.message());
    }

    #[test]
    fn a_name_that_no_trailer_can_carry_is_escaped() {
        let stream = StreamName::new("k\u{e4}se-1").unwrap();
        let status = status(&Error::stream_deleted(&stream));
        assert_eq!(trailer(&status, "stream-name"), Some("k%C3%A4se-1"));
        assert!(status.message().contains("is deleted"));
    }
}
