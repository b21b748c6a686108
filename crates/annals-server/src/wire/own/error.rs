//! Errors of the store, whole: what a client needs to make the same error again.

use std::error::Error as StdError;

use annals_core::{Error, ErrorKind, Retry, Version};
use annals_proto::{
    annals::{self as wire, error_info::Facts},
    google_rpc,
};
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};

use super::event::expected_to;

/// What the detail of a status is called.
const TYPE_URL: &str = "type.googleapis.com/annals.v1.ErrorInfo";
/// All of it has to fit into the headers that clients take.
const MESSAGE_BYTES_MAX: usize = 2 * 1024;
/// The most causes that are told.
const CAUSES_MAX: usize = 4;

/// The status of an error, with the error in its details.
pub(crate) fn status(error: &Error) -> Status {
    let code = code(error.kind());
    let message = cut(error.to_string());
    let detail = Any { type_url: TYPE_URL.to_owned(), value: info(error).encode_to_vec() };
    let details =
        google_rpc::Status { code: code as i32, message: message.clone(), details: vec![detail] };
    Status::with_details(code, message, details.encode_to_vec().into())
}

/// The error as it travels.
pub(crate) fn info(error: &Error) -> wire::ErrorInfo {
    let context = error.context().iter().map(|(name, value)| wire::ErrorContext {
        name: (*name).to_owned(),
        value: cut(value.clone()),
    });
    wire::ErrorInfo {
        kind: kind(error.kind()).into(),
        retry: retry(error.retry()).into(),
        outcome: outcome(error.kind()).into(),
        operation: error.operation().to_owned(),
        message: cut(error.message().to_owned()),
        context: context.collect(),
        causes: causes(error),
        facts: facts(error),
    }
}

/// For clients that know gRPC only.
fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::WrongExpectedVersion | ErrorKind::ConditionFailed => Code::Aborted,
        ErrorKind::StreamNotFound => Code::NotFound,
        ErrorKind::StreamDeleted => Code::FailedPrecondition,
        ErrorKind::InvalidArgument | ErrorKind::TooLarge => Code::InvalidArgument,
        ErrorKind::Unsupported => Code::Unimplemented,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::PermissionDenied => Code::PermissionDenied,
        ErrorKind::Unavailable | ErrorKind::Poisoned | ErrorKind::Closed => Code::Unavailable,
        ErrorKind::Timeout => Code::DeadlineExceeded,
        ErrorKind::Corrupted => Code::DataLoss,
        ErrorKind::Undecodable | ErrorKind::Application | ErrorKind::Internal => Code::Internal,
        _ => Code::Unknown,
    }
}

fn kind(kind: ErrorKind) -> wire::ErrorKind {
    match kind {
        ErrorKind::WrongExpectedVersion => wire::ErrorKind::WrongExpectedVersion,
        ErrorKind::ConditionFailed => wire::ErrorKind::ConditionFailed,
        ErrorKind::StreamNotFound => wire::ErrorKind::StreamNotFound,
        ErrorKind::StreamDeleted => wire::ErrorKind::StreamDeleted,
        ErrorKind::InvalidArgument => wire::ErrorKind::InvalidArgument,
        ErrorKind::TooLarge => wire::ErrorKind::TooLarge,
        ErrorKind::Unsupported => wire::ErrorKind::Unsupported,
        ErrorKind::Unauthenticated => wire::ErrorKind::Unauthenticated,
        ErrorKind::PermissionDenied => wire::ErrorKind::PermissionDenied,
        ErrorKind::Unavailable => wire::ErrorKind::Unavailable,
        ErrorKind::Timeout => wire::ErrorKind::Timeout,
        ErrorKind::Corrupted => wire::ErrorKind::Corrupted,
        ErrorKind::Undecodable => wire::ErrorKind::Undecodable,
        ErrorKind::Application => wire::ErrorKind::Application,
        ErrorKind::Poisoned => wire::ErrorKind::Poisoned,
        ErrorKind::Closed => wire::ErrorKind::Closed,
        // Kinds that are newer than the protocol too; a test has a row for each that there is.
        ErrorKind::Internal | _ => wire::ErrorKind::Internal,
    }
}

fn retry(retry: Retry) -> wire::Retry {
    match retry {
        Retry::Never => wire::Retry::Never,
        Retry::Later => wire::Retry::Later,
        Retry::AfterReload => wire::Retry::AfterReload,
        Retry::AfterReopen => wire::Retry::AfterReopen,
        _ => wire::Retry::Unspecified,
    }
}

/// Whether what was asked for may have been done all the same.
fn outcome(kind: ErrorKind) -> wire::Outcome {
    match kind {
        // A failed sync may have kept what it was to keep; what became of the rest nobody knows.
        ErrorKind::Timeout | ErrorKind::Poisoned | ErrorKind::Closed | ErrorKind::Internal => {
            wire::Outcome::Unknown
        }
        _ => wire::Outcome::NotDone,
    }
}

fn facts(error: &Error) -> Option<Facts> {
    if let Some(facts) = error.wrong_expected_version() {
        return Some(Facts::WrongExpectedVersion(wire::WrongExpectedVersion {
            stream: facts.stream.as_str().to_owned(),
            expected: Some(expected_to(facts.expected)),
            actual: facts.actual.map(Version::get),
        }));
    }
    error.condition_failed().map(|facts| {
        Facts::ConditionFailed(wire::ConditionFailed {
            condition: u32::try_from(facts.condition).unwrap_or(u32::MAX),
            position: facts.position.get(),
        })
    })
}

fn causes(error: &Error) -> Vec<String> {
    let chain = std::iter::successors(StdError::source(error), |&cause| cause.source());
    chain.take(CAUSES_MAX).map(|cause| cut(cause.to_string())).collect()
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{ExpectedVersion, Position, StreamName};

    /// The error that a client finds in a status.
    fn told(error: &Error) -> wire::ErrorInfo {
        let status = status(error);
        let details = google_rpc::Status::decode(status.details()).unwrap();
        assert_eq!(
            (details.code, details.message.as_str()),
            (status.code() as i32, status.message())
        );
        let [detail] = details.details.as_slice() else { panic!("one detail") };
        assert_eq!(detail.type_url, TYPE_URL);
        wire::ErrorInfo::decode(detail.value.as_slice()).unwrap()
    }

    #[test]
    fn every_kind_travels_under_its_own_name() {
        for kind in ErrorKind::ALL {
            let info = told(&Error::new(kind, "a reason"));
            let name = info.kind().as_str_name().strip_prefix("ERROR_KIND_").unwrap();
            assert_eq!(name.to_lowercase(), kind.code());
            assert_eq!(info.message, "a reason");
            assert_ne!(info.retry(), wire::Retry::Unspecified, "{kind:?}");
            assert_ne!(info.outcome(), wire::Outcome::Unspecified, "{kind:?}");
        }
    }

    #[test]
    fn every_kind_has_a_code_for_those_who_know_grpc_only() {
        for kind in ErrorKind::ALL {
            let code = status(&Error::new(kind, "a reason")).code();
            assert!(![Code::Ok, Code::Unknown].contains(&code), "{kind:?}");
        }
    }

    #[test]
    fn the_facts_of_conflicts_travel() {
        let stream = StreamName::new("account-1").unwrap();
        let expected = ExpectedVersion::Exact(Version::new(3));
        let actual = Some(Version::new(5));
        let info = told(&Error::wrong_expected_version_of(stream, expected, actual));
        let Some(Facts::WrongExpectedVersion(facts)) = info.facts else { panic!("facts") };
        assert_eq!((facts.stream.as_str(), facts.actual), ("account-1", Some(5)));
        assert_eq!(facts.expected, Some(expected_to(expected)));

        let info = told(&Error::condition_failed_at(2, Position::new(9)));
        let facts = wire::ConditionFailed { condition: 2, position: 9 };
        assert_eq!(info.facts, Some(Facts::ConditionFailed(facts)));
    }

    #[test]
    fn operation_context_and_causes_travel_beside_the_message() {
        let error = Error::new(ErrorKind::Unavailable, "the disk is full")
            .during("append")
            .with("file", "1.log")
            .caused_by(std::io::Error::other("no space"));
        let info = told(&error);
        assert_eq!(
            (info.operation.as_str(), info.message.as_str()),
            ("append", "the disk is full")
        );
        let fact = wire::ErrorContext { name: "file".to_owned(), value: "1.log".to_owned() };
        assert_eq!((info.context, info.causes), (vec![fact], vec!["no space".to_owned()]));
    }

    #[test]
    fn a_long_message_is_cut_so_that_it_fits_a_trailer() {
        let error = Error::invalid("\u{e4}".repeat(MESSAGE_BYTES_MAX));
        assert!(told(&error).message.len() <= MESSAGE_BYTES_MAX);
    }
}
