//! The one public error: what kind, whether a retry helps, during what, about what.

use std::{error::Error as StdError, fmt, sync::Arc};

use crate::{ExpectedVersion, Position, StreamName, Version};

/// The result of every fallible call of the contract.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller would act differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The stream is not at the version the append expected.
    WrongExpectedVersion,
    /// An event matches an append condition, or a checkpoint, lease or snapshot has moved on.
    ConditionFailed,
    /// The stream was never written, or it is deleted and can be written again.
    StreamNotFound,
    /// The stream is tombstoned (or deleted where it had to exist) and stays closed.
    StreamDeleted,
    /// The request makes no sense as it stands.
    InvalidArgument,
    /// A size or count is over its limit.
    TooLarge,
    /// This backend cannot do it.
    Unsupported,
    /// Who is asking is not known.
    Unauthenticated,
    /// Who is asking may not do it.
    PermissionDenied,
    /// The store cannot do it now: locked by another process, out of space, unreachable.
    Unavailable,
    /// The answer did not come in time; the work may have been done.
    Timeout,
    /// Stored bytes are not what was written.
    Corrupted,
    /// The bytes are what was written, but cannot be read as the type that was asked for.
    Undecodable,
    /// The application's own code panicked or gave an error.
    Application,
    /// A write or sync failed; the store refuses writes until it is opened again.
    Poisoned,
    /// The store was closed.
    Closed,
    /// A broken invariant of the store itself.
    Internal,
}

impl ErrorKind {
    /// Every kind, for tables that must have a row for each.
    pub const ALL: [Self; 17] = [
        Self::WrongExpectedVersion,
        Self::ConditionFailed,
        Self::StreamNotFound,
        Self::StreamDeleted,
        Self::InvalidArgument,
        Self::TooLarge,
        Self::Unsupported,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::Unavailable,
        Self::Timeout,
        Self::Corrupted,
        Self::Undecodable,
        Self::Application,
        Self::Poisoned,
        Self::Closed,
        Self::Internal,
    ];

    /// The stable name of the kind, for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongExpectedVersion => "wrong_expected_version",
            Self::ConditionFailed => "condition_failed",
            Self::StreamNotFound => "stream_not_found",
            Self::StreamDeleted => "stream_deleted",
            Self::InvalidArgument => "invalid_argument",
            Self::TooLarge => "too_large",
            Self::Unsupported => "unsupported",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Corrupted => "corrupted",
            Self::Undecodable => "undecodable",
            Self::Application => "application",
            Self::Poisoned => "poisoned",
            Self::Closed => "closed",
            Self::Internal => "internal",
        }
    }

    const fn retry(self) -> Retry {
        match self {
            Self::Unavailable | Self::Timeout => Retry::Later,
            Self::WrongExpectedVersion | Self::ConditionFailed => Retry::AfterReload,
            Self::Poisoned | Self::Closed => Retry::AfterReopen,
            _ => Retry::Never,
        }
    }
}

/// Whether, and when, doing the same again can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// The same request fails again.
    Never,
    /// The same request may succeed after a while.
    Later,
    /// Read the current state, decide again, and send a new request.
    AfterReload,
    /// The store must be opened again first.
    AfterReopen,
}

/// The facts of a [`ErrorKind::WrongExpectedVersion`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongExpectedVersion {
    /// The stream whose version did not match.
    pub stream: StreamName,
    /// What the append expected.
    pub expected: ExpectedVersion,
    /// The last version of the stream, `None` when it was never written.
    pub actual: Option<Version>,
}

/// The facts of a [`ErrorKind::ConditionFailed`] raised by an append condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionFailed {
    /// Which of the append's conditions failed, from 0.
    pub condition: usize,
    /// An event that matched it.
    pub position: Position,
}

#[derive(Debug)]
enum Facts {
    None,
    WrongExpectedVersion(WrongExpectedVersion),
    ConditionFailed(ConditionFailed),
}

/// An error of the store.
///
/// `Display` is one line without the source; walk [`std::error::Error::source`] for the chain.
/// It is cheap to clone, because one failed sync answers many callers. It never holds payloads.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    message: String,
    context: Vec<(&'static str, String)>,
    facts: Facts,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind with a message: lower case, no full stop at the end.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            operation: "",
            message: message.into(),
            context: Vec::new(),
            facts: Facts::None,
            source: None,
        }))
    }

    /// An append met another version than it expected.
    #[must_use]
    pub fn wrong_expected_version_of(
        stream: StreamName,
        expected: ExpectedVersion,
        actual: Option<Version>,
    ) -> Self {
        let found = actual.map_or_else(
            || "the stream does not exist".to_owned(),
            |version| format!("it is at version {version}"),
        );
        let message = format!("stream `{stream}`: expected {expected}, but {found}");
        let facts = WrongExpectedVersion { stream, expected, actual };
        Self::new(ErrorKind::WrongExpectedVersion, message)
            .with_facts(Facts::WrongExpectedVersion(facts))
    }

    /// An event matched an append condition.
    #[must_use]
    pub fn condition_failed_at(condition: usize, position: Position) -> Self {
        Self::new(
            ErrorKind::ConditionFailed,
            format!("condition {condition}: the event at position {position} matches its query"),
        )
        .with_facts(Facts::ConditionFailed(ConditionFailed { condition, position }))
    }

    /// The stream was never written, or it is deleted.
    #[must_use]
    pub fn stream_not_found(stream: &StreamName) -> Self {
        Self::new(ErrorKind::StreamNotFound, format!("stream `{stream}` does not exist"))
            .with("stream", stream)
    }

    /// The stream is tombstoned.
    #[must_use]
    pub fn stream_deleted(stream: &StreamName) -> Self {
        Self::new(ErrorKind::StreamDeleted, format!("stream `{stream}` is deleted"))
            .with("stream", stream)
    }

    /// A request that makes no sense as it stands.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// Something over its limit.
    #[must_use]
    pub fn too_large(what: &str, actual: usize, max: usize) -> Self {
        Self::new(ErrorKind::TooLarge, format!("{what} is {actual}, the limit is {max}"))
            .with("actual", actual)
            .with("limit", max)
    }

    /// Adds a named fact.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl fmt::Display) -> Self {
        self.change(|inner| inner.context.push((name, value.to_string())))
    }

    /// Says during what it happened.
    #[must_use]
    pub fn during(self, operation: &'static str) -> Self {
        self.change(|inner| inner.operation = operation)
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn caused_by(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        self.change(|inner| inner.source = Some(source))
    }

    fn with_facts(self, facts: Facts) -> Self {
        self.change(|inner| inner.facts = facts)
    }

    /// Errors are shared only once they are complete, so a change is normally in place.
    fn change(mut self, edit: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            edit(inner);
        }
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether and when a retry can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.kind.retry()
    }

    /// During what it happened, empty when not said.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What happened, without the operation during which it did.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The named facts.
    #[must_use]
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// The facts of a version conflict.
    #[must_use]
    pub fn wrong_expected_version(&self) -> Option<&WrongExpectedVersion> {
        match &self.0.facts {
            Facts::WrongExpectedVersion(facts) => Some(facts),
            _ => None,
        }
    }

    /// The facts of a failed append condition.
    #[must_use]
    pub fn condition_failed(&self) -> Option<ConditionFailed> {
        match &self.0.facts {
            Facts::ConditionFailed(facts) => Some(*facts),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.operation.is_empty() {
            write!(f, "{}: ", self.0.operation)?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("message", &self.0.message)
            .field("context", &self.0.context)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_code() {
        let codes: std::collections::HashSet<_> =
            ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
    }

    #[test]
    fn display_is_one_line_and_does_not_repeat_the_source() {
        let error = Error::new(ErrorKind::Unavailable, "the disk is full")
            .during("append")
            .caused_by(std::io::Error::other("no space"));
        assert_eq!(error.to_string(), "append: the disk is full");
        assert_eq!(StdError::source(&error).map(ToString::to_string).as_deref(), Some("no space"));
        assert_eq!(error.retry(), Retry::Later);
    }

    #[test]
    fn a_conflict_says_expected_and_actual() {
        let stream = StreamName::new("account-1").unwrap();
        let error = Error::wrong_expected_version_of(
            stream,
            ExpectedVersion::Exact(Version::new(3)),
            Some(Version::new(5)),
        );
        assert_eq!(
            error.to_string(),
            "stream `account-1`: expected version 3, but it is at version 5"
        );
        assert_eq!(error.wrong_expected_version().unwrap().actual, Some(Version::new(5)));
    }
}
