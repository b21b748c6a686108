//! Why a service could not do what a test asked of it: what, why, what to try.

use std::fmt;
use std::io;
use std::path::Path;

/// A service that cannot be started, reached or stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    what: String,
    why: String,
    hint: String,
}

impl Problem {
    /// A problem from its three parts, without full stops.
    pub fn new(what: impl Into<String>, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), hint: hint.into() }
    }

    /// What failed.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Why it failed; may have several lines, such as the end of a server's log.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// A file or folder that could not be made, read or handed over.
    pub(crate) fn file(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(
            format!("cannot {doing} `{}`", path.display()),
            error.to_string(),
            "check the rights and the free space of the folder for temporary files",
        )
    }

    /// A program that could not be started.
    pub(crate) fn starting(program: &Path, error: &io::Error) -> Self {
        Self::new(
            format!("cannot run `{}`", program.display()),
            error.to_string(),
            "check that it is installed and may be executed",
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.what, self.why, self.hint)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_why_and_what_to_try() {
        let problem = Problem::new("it broke", "it was thin", "use two");
        assert_eq!(problem.to_string(), "it broke: it was thin; use two");
    }
}
