//! Errors of the server, made again as they were there.

use std::{error::Error as StdError, fmt};

use annals_core::{Error, ErrorKind, Position, StreamName, Version};
use annals_proto::{
    annals::{self as wire, error_info::Facts},
    google_rpc,
};
use prost::Message;
use tonic::Status;

use super::event::expected_from;
use crate::names::kept;

/// How the detail of a status is called that holds an error of ours.
const TYPE: &str = "/annals.v1.ErrorInfo";

/// The error in the details of a status, if there is one.
pub(crate) fn find(status: &Status) -> Option<wire::ErrorInfo> {
    let details = google_rpc::Status::decode(status.details()).ok()?;
    let detail = details.details.into_iter().find(|detail| detail.type_url.ends_with(TYPE))?;
    wire::ErrorInfo::decode(detail.value.as_slice()).ok()
}

/// The error as it was at the server.
pub(crate) fn from_wire(info: wire::ErrorInfo) -> Error {
    let kind = kind(&info);
    let mut error =
        with_facts(info.facts.as_ref()).unwrap_or_else(|| Error::new(kind, info.message));
    for fact in info.context {
        error = error.with(kept(&fact.name, "detail"), fact.value);
    }
    if !info.operation.is_empty() {
        error = error.during(kept(&info.operation, "at the server"));
    }
    let cause = info
        .causes
        .into_iter()
        .rev()
        .fold(None, |source, text| Some(Box::new(Cause { text, source })));
    match cause {
        Some(cause) => error.caused_by(*cause),
        None => error,
    }
}

fn kind(info: &wire::ErrorInfo) -> ErrorKind {
    match info.kind() {
        wire::ErrorKind::WrongExpectedVersion => ErrorKind::WrongExpectedVersion,
        wire::ErrorKind::ConditionFailed => ErrorKind::ConditionFailed,
        wire::ErrorKind::StreamNotFound => ErrorKind::StreamNotFound,
        wire::ErrorKind::StreamDeleted => ErrorKind::StreamDeleted,
        wire::ErrorKind::InvalidArgument => ErrorKind::InvalidArgument,
        wire::ErrorKind::TooLarge => ErrorKind::TooLarge,
        wire::ErrorKind::Unsupported => ErrorKind::Unsupported,
        wire::ErrorKind::Unauthenticated => ErrorKind::Unauthenticated,
        wire::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        wire::ErrorKind::Unavailable => ErrorKind::Unavailable,
        wire::ErrorKind::Timeout => ErrorKind::Timeout,
        wire::ErrorKind::Corrupted => ErrorKind::Corrupted,
        wire::ErrorKind::Undecodable => ErrorKind::Undecodable,
        wire::ErrorKind::Application => ErrorKind::Application,
        wire::ErrorKind::Poisoned => ErrorKind::Poisoned,
        wire::ErrorKind::Closed => ErrorKind::Closed,
        wire::ErrorKind::Internal => ErrorKind::Internal,
        wire::ErrorKind::Unspecified => of_retry(info.retry()),
    }
}

/// A kind that this program does not know yet, by what to do about it.
const fn of_retry(retry: wire::Retry) -> ErrorKind {
    match retry {
        wire::Retry::Later => ErrorKind::Unavailable,
        wire::Retry::AfterReload => ErrorKind::ConditionFailed,
        wire::Retry::AfterReopen => ErrorKind::Poisoned,
        wire::Retry::Never | wire::Retry::Unspecified => ErrorKind::Internal,
    }
}

/// What has facts has its message from them.
fn with_facts(facts: Option<&Facts>) -> Option<Error> {
    match facts? {
        Facts::WrongExpectedVersion(facts) => {
            let stream = StreamName::new(facts.stream.clone()).ok()?;
            let expected = expected_from(facts.expected)?;
            let actual = facts.actual.map(Version::new);
            Some(Error::wrong_expected_version_of(stream, expected, actual))
        }
        Facts::ConditionFailed(facts) => {
            let condition = usize::try_from(facts.condition).ok()?;
            Some(Error::condition_failed_at(condition, Position::new(facts.position)))
        }
    }
}

/// What caused an error at the server, in its words.
#[derive(Debug)]
struct Cause {
    text: String,
    source: Option<Box<Self>>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{ExpectedVersion, Retry};

    fn info(kind: wire::ErrorKind) -> wire::ErrorInfo {
        wire::ErrorInfo { kind: kind.into(), message: "a reason".to_owned(), ..Default::default() }
    }

    #[test]
    fn every_kind_comes_back_as_itself() {
        let mut kinds = Vec::new();
        for number in 1..=17 {
            let wire = wire::ErrorKind::try_from(number).unwrap();
            let error = from_wire(info(wire));
            let name = wire.as_str_name().strip_prefix("ERROR_KIND_").unwrap();
            assert_eq!(error.kind().code(), name.to_lowercase());
            assert_eq!(error.to_string(), "a reason");
            kinds.push(error.kind());
        }
        assert_eq!(kinds, ErrorKind::ALL);
    }

    #[test]
    fn a_newer_kind_keeps_what_to_do_about_it() {
        for (retry, expected) in
            [(wire::Retry::Later, Retry::Later), (wire::Retry::AfterReload, Retry::AfterReload)]
        {
            let newer = wire::ErrorInfo { kind: 99, retry: retry.into(), ..Default::default() };
            assert_eq!(from_wire(newer).retry(), expected);
        }
    }

    #[test]
    fn facts_context_operation_and_causes_come_back() {
        let facts = wire::WrongExpectedVersion {
            stream: "account-1".to_owned(),
            expected: Some(super::super::event::expected(ExpectedVersion::NoStream)),
            actual: Some(5),
        };
        let error = from_wire(wire::ErrorInfo {
            facts: Some(Facts::WrongExpectedVersion(facts)),
            operation: "append".to_owned(),
            context: vec![wire::ErrorContext { name: "node".to_owned(), value: "a".to_owned() }],
            causes: vec!["outer".to_owned(), "inner".to_owned()],
            ..info(wire::ErrorKind::WrongExpectedVersion)
        });
        assert_eq!(error.wrong_expected_version().unwrap().actual, Some(Version::new(5)));
        assert_eq!(error.context(), [("node", "a".to_owned())]);
        assert_eq!(error.operation(), "append");
        let outer = error.source().unwrap();
        assert_eq!(
            (outer.to_string(), outer.source().unwrap().to_string()),
            ("outer".to_owned(), "inner".to_owned())
        );
    }
}
