//! What an append expects of a stream.

use std::fmt;

use crate::Version;

/// The version a stream must be at for an append to be accepted.
///
/// The exact rules, with deleted streams and retries, are in [`rules`](crate::rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpectedVersion {
    /// Whatever it is.
    Any,
    /// The stream has no events, or it is deleted.
    NoStream,
    /// The stream has events, or metadata.
    StreamExists,
    /// The stream's last event has this version.
    Exact(Version),
}

impl fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream => f.write_str("no stream"),
            Self::StreamExists => f.write_str("an existing stream"),
            Self::Exact(version) => write!(f, "version {version}"),
        }
    }
}
