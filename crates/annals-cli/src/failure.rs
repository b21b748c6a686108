//! How a command fails: three lines for people, or one JSON object for programs.

use std::{fmt, io};

use annals::{Error, ErrorKind, in_full};
use serde_json::{Map, Value, json};

use crate::exit::{self, Exit};

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever read the output has gone. That is no error: `annals read | head`.
    BrokenPipe,
    /// Something to tell.
    Report(Box<Report>),
}

/// What, why, and what to try.
#[derive(Debug)]
pub(crate) struct Report {
    exit: Exit,
    code: &'static str,
    what: String,
    why: String,
    hint: String,
    details: Map<String, Value>,
}

/// The result of a command and its parts.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure that does not come from the store.
    pub(crate) fn new(
        exit: Exit,
        what: impl Into<String>,
        why: impl fmt::Display,
        hint: impl Into<String>,
    ) -> Self {
        let code = match exit {
            Exit::Ok | Exit::Failure => "failed",
            Exit::Usage => "usage",
            Exit::NotFound => "not_found",
            Exit::Conflict => "conflict",
            Exit::Denied => "denied",
            Exit::Unavailable => "unavailable",
            Exit::Corrupted => "corrupted",
            Exit::Partial => "partial",
            Exit::Warned => "warned",
            Exit::Interrupted => "interrupted",
        };
        let (what, why, hint) = (what.into(), why.to_string(), hint.into());
        Self::Report(Box::new(Report { exit, code, what, why, hint, details: Map::new() }))
    }

    /// A command that makes no sense as it stands.
    pub(crate) fn usage(why: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "the command cannot be run", why, hint)
    }

    /// A store error, with what was being done.
    pub(crate) fn store(what: impl Into<String>, error: &Error) -> Self {
        let mut details = Map::new();
        for (name, value) in error.context() {
            details.insert((*name).to_owned(), Value::from(value.as_str()));
        }
        if let Some(facts) = error.wrong_expected_version() {
            details.insert("stream".to_owned(), json!(facts.stream.as_str()));
            details.insert("expected".to_owned(), json!(facts.expected.to_string()));
            details.insert("actual".to_owned(), json!(facts.actual.map(annals::Version::get)));
        }
        if let Some(facts) = error.condition_failed() {
            details.insert("condition".to_owned(), json!(facts.condition));
            details.insert("position".to_owned(), json!(facts.position.get()));
        }
        let kind = error.kind();
        if details.contains_key("log") {
            let hint = "check the servers and the store that `--at` names";
            return Self::new(Exit::NotFound, what, in_full(error), hint);
        }
        Self::Report(Box::new(Report {
            exit: exit::of(kind),
            code: kind.code(),
            what: what.into(),
            why: in_full(error),
            hint: exit::hint(kind).to_owned(),
            details,
        }))
    }

    /// A file or pipe that could not be used.
    pub(crate) fn file(what: impl Into<String>, error: &io::Error) -> Self {
        let (exit, hint) = match error.kind() {
            io::ErrorKind::NotFound => (Exit::NotFound, "check the path"),
            io::ErrorKind::PermissionDenied => {
                (Exit::Denied, exit::hint(ErrorKind::PermissionDenied))
            }
            io::ErrorKind::StorageFull => (Exit::Unavailable, exit::hint(ErrorKind::Unavailable)),
            _ => (Exit::Failure, "check that the file can be used"),
        };
        Self::new(exit, what, error, hint)
    }

    /// The same failure with another hint.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::BrokenPipe => Self::BrokenPipe,
            Self::Report(report) => Self::Report(Box::new(Report { hint: hint.into(), ..*report })),
        }
    }

    /// The code of the process.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::BrokenPipe => Exit::Ok,
            Self::Report(report) => report.exit,
        }
    }
}

/// Says what was being done when something failed.
pub(crate) trait OrFail<T> {
    /// The value, or a failure that begins with `what`.
    fn or_fail<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T>;
}

impl<T> OrFail<T> for annals::Result<T> {
    fn or_fail<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| Failure::store(what(), &error))
    }
}

impl<T> OrFail<T> for io::Result<T> {
    fn or_fail<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| Failure::file(what(), &error))
    }
}

/// Values of the command line are checked by the vocabulary itself.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::store("the command cannot be run", &error)
    }
}

/// What is not said to be a file is the output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::file("the output could not be written", &error),
        }
    }
}

impl Report {
    /// Three lines for people.
    pub(crate) fn text(&self, style: crate::output::Style) -> String {
        let mark = style.red("error:");
        format!("{mark} {}\n  why: {}\n  try: {}\n", self.what, self.why, self.hint)
    }

    /// One JSON object for programs.
    pub(crate) fn json(&self) -> String {
        let value = json!({
            "code": self.code,
            "message": self.what,
            "why": self.why,
            "hint": self.hint,
            "exit_code": self.exit.code(),
            "details": self.details,
        });
        format!("{value}\n")
    }
}

#[cfg(test)]
mod tests {
    use annals::{ExpectedVersion, StreamName, Version};

    use super::*;
    use crate::output::Style;

    #[test]
    fn an_error_is_three_lines() {
        let stream = StreamName::new("account-1").unwrap();
        let expected = ExpectedVersion::Exact(Version::new(3));
        let error = Error::wrong_expected_version_of(stream, expected, Some(Version::new(5)));
        let Failure::Report(report) = Failure::store("nothing was appended", &error) else {
            panic!("a store error is told");
        };
        let text = report.text(Style::Plain);
        assert_eq!(text.lines().count(), 3);
        assert!(text.starts_with("error: nothing was appended\n  why: stream `account-1`"));
        let json: Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["code"], "wrong_expected_version");
        assert_eq!(json["exit_code"], 4);
        assert_eq!(json["details"]["actual"], 5);
    }

    #[test]
    fn every_kind_can_be_told_in_both_ways() {
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "it did not work").caused_by(io::Error::other("disk"));
            let Failure::Report(report) = Failure::store("nothing was done", &error) else {
                panic!("a store error is told");
            };
            let text = report.text(Style::Plain);
            assert!(text.contains("why: it did not work: disk\n"), "{text}");
            let json: Value = serde_json::from_str(&report.json()).unwrap();
            assert_eq!(json["code"], kind.code());
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.exit(), Exit::Ok);
    }
}
