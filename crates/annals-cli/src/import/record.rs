//! A record of an import: an event and where it goes.

use std::fmt;

use annals::{EventType, NewEvent, StreamName, Version};

/// An event read from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line it begins on, from 1.
    pub line: u64,
    /// The stream it goes to.
    pub stream: StreamName,
    /// The version it had where it is from.
    pub version: Option<Version>,
    /// The event; its id is its own, or derived from the content and place of the record.
    pub event: NewEvent,
}

/// A record that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

impl Record {
    /// Whether it stands for the end of a tombstoned stream. Such a record is written by
    /// tombstoning the stream, not by an append.
    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        self.event.event_type == EventType::STREAM_DELETED && self.version == Some(Version::DELETED)
    }
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}
