//! What is known about a stream without reading its events.

use crate::{
    StreamMetadata, StreamName, Timestamp, Version,
    rules::{Lane, Retention, StreamHead},
};

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

impl StreamInfo {
    /// What follows from the head of a stream; when its last event was recorded does not.
    #[must_use]
    pub fn of(stream: &StreamName, head: &StreamHead) -> Self {
        let lane = head.lane(stream);
        // A metastream has no settings of its own.
        let own = !stream.is_metastream();
        let metadata = head.metadata.as_ref().filter(|_| own);
        Self {
            stream: stream.clone(),
            status: StreamStatus::of(lane),
            last_version: lane.last,
            // Age is not counted here, so the time does not matter.
            first_version: Retention::of(stream, head, Timestamp::default()).first,
            last_recorded_at: None,
            metadata: metadata.map(|metadata| metadata.as_ref().clone()).unwrap_or_default(),
            metadata_version: head.metadata_last.filter(|_| own),
        }
    }
}

impl StreamStatus {
    const fn of(lane: Lane) -> Self {
        match lane {
            Lane { is_tombstoned: true, .. } => Self::Tombstoned,
            Lane { is_soft_deleted: true, .. } => Self::SoftDeleted,
            Lane { last: None, .. } => Self::Missing,
            Lane { .. } => Self::Live,
        }
    }
}
