//! Reads: a stretch of one stream, or of the whole store through a query.

use crate::{Position, Query, StreamName, Version};

/// What to read.
#[derive(Debug, Clone)]
pub enum Read {
    /// A stretch of one stream.
    Stream(ReadStream),
    /// A stretch of the whole store.
    All(ReadAll),
}

/// Which way to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Oldest first.
    #[default]
    Forward,
    /// Newest first.
    Backward,
}

/// A stretch of one stream, in version order.
///
/// The stream's retention (`$maxAge`, `$maxCount`, `$tb`) applies. A stretch that lies beyond
/// the last event is empty; that is no error.
#[derive(Debug, Clone)]
pub struct ReadStream {
    /// Which stream.
    pub stream: StreamName,
    /// Which way.
    pub direction: Direction,
    /// The first version to give, included. `None`: where the direction starts.
    pub from: Option<Version>,
    /// The last version to give, included. `None`: where the direction ends.
    pub to: Option<Version>,
    /// At most this many events.
    pub limit: Option<u64>,
}

/// A stretch of the whole store, in position order.
///
/// Retention does not apply: events stay readable here until they are scavenged. A read ends at
/// the newest event there was when it began.
#[derive(Debug, Clone)]
pub struct ReadAll {
    /// Which events.
    pub query: Query,
    /// Which way.
    pub direction: Direction,
    /// The first position to give, included. `None`: where the direction starts.
    pub from: Option<Position>,
    /// The last position to give, included. `None`: where the direction ends.
    pub to: Option<Position>,
    /// At most this many events.
    pub limit: Option<u64>,
}

impl ReadStream {
    /// The whole stream, oldest first.
    #[must_use]
    pub const fn new(stream: StreamName) -> Self {
        Self { stream, direction: Direction::Forward, from: None, to: None, limit: None }
    }

    /// From this version on, included.
    #[must_use]
    pub const fn from(mut self, version: Version) -> Self {
        self.from = Some(version);
        self
    }

    /// Newest first.
    #[must_use]
    pub const fn backward(mut self) -> Self {
        self.direction = Direction::Backward;
        self
    }

    /// At most this many events.
    #[must_use]
    pub const fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl ReadAll {
    /// Every event, oldest first.
    #[must_use]
    pub const fn new(query: Query) -> Self {
        Self { query, direction: Direction::Forward, from: None, to: None, limit: None }
    }

    /// From this position on, included.
    #[must_use]
    pub const fn from(mut self, position: Position) -> Self {
        self.from = Some(position);
        self
    }

    /// Newest first.
    #[must_use]
    pub const fn backward(mut self) -> Self {
        self.direction = Direction::Backward;
        self
    }

    /// At most this many events.
    #[must_use]
    pub const fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl From<ReadStream> for Read {
    fn from(read: ReadStream) -> Self {
        Self::Stream(read)
    }
}

impl From<ReadAll> for Read {
    fn from(read: ReadAll) -> Self {
        Self::All(read)
    }
}
