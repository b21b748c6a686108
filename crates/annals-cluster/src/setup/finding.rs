//! What a look at a cluster found.

use std::fmt;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was found, in one line.
    pub what: String,
    /// What it means; empty for what is as it should be.
    pub why: String,
    /// What to try; empty when nothing has to be done.
    pub advice: String,
}

/// How bad a finding is, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Good,
    /// It could not be seen.
    Unknown,
    /// It works, but with a risk that should be a choice.
    Warning,
    /// It does not work, or acknowledged events can be lost.
    Problem,
}

impl Finding {
    pub(super) fn good(what: impl Into<String>) -> Self {
        let (why, advice) = Default::default();
        Self { severity: Severity::Good, what: what.into(), why, advice }
    }

    pub(super) fn new(
        severity: Severity,
        what: impl Into<String>,
        why: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { severity, what: what.into(), why: why.into(), advice: advice.into() }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "good",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Problem => "problem",
        })
    }
}
