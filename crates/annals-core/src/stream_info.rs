//! What is known about a stream without reading its events.

use crate::{StreamMetadata, StreamName, Timestamp, Version};

/// What is known about a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamInfo {
    /// Which stream.
    pub stream: StreamName,
    /// Whether it can be read.
    pub status: StreamStatus,
    /// The version of its last event, also when deleted.
    pub last_version: Option<Version>,
    /// The lowest version that retention leaves readable (`$maxAge` not counted).
    pub first_version: Version,
    /// When its last event was recorded, where the stream is live.
    pub last_recorded_at: Option<Timestamp>,
    /// Its settings.
    pub metadata: StreamMetadata,
    /// The version of its settings, `None` when it never had any.
    pub metadata_version: Option<Version>,
}

/// Whether a stream can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamStatus {
    /// It was never written.
    Missing,
    /// It has events.
    Live,
    /// It is deleted; the next append brings it back.
    SoftDeleted,
    /// It is closed for good.
    Tombstoned,
}
