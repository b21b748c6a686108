//! Why a command could not do its work, in three lines: what, why, what to try.

use std::fmt;
use std::io;
use std::path::Path;

/// A failure of the automation itself, as opposed to a failed check.
#[derive(Debug)]
pub(crate) struct Problem {
    what: String,
    why: String,
    hint: String,
}

impl Problem {
    pub(crate) fn new(
        what: impl Into<String>,
        why: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), why: why.into(), hint: hint.into() }
    }

    /// The same in one line, as the reason why something is left out.
    pub(crate) fn reason(&self) -> String {
        format!("{}: {}; {}", self.what, self.why, self.hint)
    }

    /// A file or folder that could not be read.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        Self::new(
            format!("cannot read `{}`", path.display()),
            error.to_string(),
            "check that the checkout is complete: git status",
        )
    }

    /// A program that could not be started.
    pub(crate) fn starting(program: &str, error: &io::Error) -> Self {
        Self::new(
            format!("cannot run `{program}`"),
            error.to_string(),
            format!("check that it is installed: {program} --version"),
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  why: {}\n  try: {}", self.what, self.why, self.hint)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_three_lines_or_one() {
        let problem = Problem::new("it broke", "it was thin", "use two");
        assert_eq!(problem.to_string(), "error: it broke\n  why: it was thin\n  try: use two");
        assert_eq!(problem.reason(), "it broke: it was thin; use two");
    }
}
