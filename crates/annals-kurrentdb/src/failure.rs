//! What went wrong with a call: what the server says in the trailer `exception` and those beside
//! it, else what became of the connection, else the code.

use std::borrow::Cow;

use annals_client::{Failed, of_code, of_connection};
use annals_core::{Error, ErrorKind, ExpectedVersion, StreamName, Version};
use percent_encoding::percent_decode_str;
use tonic::{Code, Status};

/// Why a call failed.
pub(crate) fn failed(status: &Status) -> Failed {
    if let Some(exception) = trailer(status, "exception")
        && let Some(error) = of_exception(&exception, status)
    {
        return Failed::Answered(error);
    }
    if let Some(lost) = of_connection(status) {
        return lost;
    }
    let answered = |kind| {
        let why = format!("the server answered: {}", status.message());
        Failed::Answered(Error::new(kind, why))
    };
    match status.code() {
        Code::Aborted if status.message().contains("timed out") => {
            let why = format!("the server gave up: {}", status.message());
            Failed::Lost(Error::new(ErrorKind::Timeout, why))
        }
        Code::FailedPrecondition => answered(ErrorKind::ConditionFailed),
        Code::NotFound => answered(ErrorKind::StreamNotFound),
        Code::DataLoss => answered(ErrorKind::Corrupted),
        _ => of_code(status, "KurrentDB"),
    }
}

fn of_exception(exception: &str, status: &Status) -> Option<Error> {
    let stream = || StreamName::new(trailer(status, "stream-name")?.into_owned()).ok();
    let message = status.message();
    let error = |kind| Some(Error::new(kind, format!("the server answered: {message}")));
    match exception {
        "wrong-expected-version" => wrong_expected_version(status, stream()?),
        "stream-deleted" => Some(Error::stream_deleted(&stream()?)),
        "stream-not-found" => Some(Error::stream_not_found(&stream()?)),
        "index-not-found" => error(ErrorKind::StreamNotFound),
        "access-denied" => error(ErrorKind::PermissionDenied),
        "maximum-append-size-exceeded" | "maximum-append-event-size-exceeded" => {
            error(ErrorKind::TooLarge)
        }
        "invalid-transaction" | "missing-required-metadata-property" => {
            error(ErrorKind::InvalidArgument)
        }
        "not-leader" => Some(not_leader(status)),
        _ => None,
    }
}

/// Only deletes are answered in this way; an append's answer has a field for it.
fn wrong_expected_version(status: &Status, stream: StreamName) -> Option<Error> {
    let number = |name| trailer(status, name)?.parse::<i64>().ok();
    let version = |number| u64::try_from(number).ok().map(Version::new);
    let expected = match number("expected-version")? {
        -2 => ExpectedVersion::Any,
        -1 => ExpectedVersion::NoStream,
        -4 => ExpectedVersion::StreamExists,
        exact => ExpectedVersion::Exact(version(exact)?),
    };
    let actual = number("actual-version").and_then(version);
    Some(Error::wrong_expected_version_of(stream, expected, actual))
}

fn not_leader(status: &Status) -> Error {
    let part = |name| trailer(status, name).unwrap_or_default().into_owned();
    let (host, port) = (part("leader-endpoint-host"), part("leader-endpoint-port"));
    let why = format!(
        "the server is not the leader of its cluster, which is {host}:{port}; name that one, or \
         use `kurrentdb+discover://`"
    );
    Error::new(ErrorKind::Unavailable, why)
}

/// A trailer as text. Some servers escape what is no ASCII.
fn trailer<'a>(status: &'a Status, name: &str) -> Option<Cow<'a, str>> {
    let text = status.metadata().get(name)?.to_str().ok()?;
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};

    fn told(code: Code, trailers: &[(&'static str, &'static str)]) -> Error {
        let mut status = Status::new(code, "Words.");
        for (name, value) in trailers {
            let name = AsciiMetadataKey::from_static(name);
            status.metadata_mut().insert(name, AsciiMetadataValue::from_static(value));
        }
        match failed(&status) {
            Failed::Answered(error) => error,
            failed => panic!("{failed:?}"),
        }
    }

    #[test]
    fn a_conflict_of_a_delete_has_its_facts_in_trailers() {
        let error = told(
            Code::FailedPrecondition,
            &[
                ("exception", "wrong-expected-version"),
                ("stream-name", "account-%C3%A4"),
                ("expected-version", "7"),
                ("actual-version", "-1"),
            ],
        );
        let facts = error.wrong_expected_version().unwrap();
        assert_eq!(facts.stream.as_str(), "account-\u{e4}");
        assert_eq!(facts.expected, ExpectedVersion::Exact(Version::new(7)));
        assert_eq!(facts.actual, None);
    }

    #[test]
    fn exceptions_say_what_happened_and_codes_do_where_there_is_none() {
        let kind = |exception| {
            told(Code::Unknown, &[("exception", exception), ("stream-name", "s")]).kind()
        };
        assert_eq!(kind("stream-deleted"), ErrorKind::StreamDeleted);
        assert_eq!(kind("access-denied"), ErrorKind::PermissionDenied);
        assert_eq!(kind("maximum-append-size-exceeded"), ErrorKind::TooLarge);
        assert_eq!(kind("not-leader"), ErrorKind::Unavailable);
        assert_eq!(told(Code::NotFound, &[]).kind(), ErrorKind::StreamNotFound);
        assert_eq!(told(Code::Unimplemented, &[]).kind(), ErrorKind::Unsupported);
    }
}
