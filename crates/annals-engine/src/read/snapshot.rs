//! What a reader sees: everything below one head.

use std::sync::Arc;

use annals_core::{
    Result, StreamInfo, StreamName, StreamStatus, Timestamp, Version,
    rules::{Lane, Retention},
};

use crate::index::{head::HeadEntry, term::Terms, view::View};

/// Everything below one head.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) view: Arc<View>,
    pub(crate) terms: Terms,
    /// The position after the newest event.
    pub(crate) end: u64,
}

/// At most so much on one page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageLimit {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

impl PageLimit {
    /// Enough to be quick, little enough to wait for.
    pub(crate) const USUAL: Self = Self { events: 1_024, bytes: 1024 * 1024 };

    pub(crate) fn at_most(self, events: Option<u64>) -> Self {
        let wanted = events.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        Self { events: std::cmp::min(self.events, wanted), ..self }
    }
}

impl Snapshot {
    /// What is known of a stream or metastream.
    pub(crate) fn head(&self, stream: &StreamName) -> Result<HeadEntry> {
        self.view.head(self.terms.base(stream))
    }

    /// Which events of a stream can be read.
    pub(crate) fn retention(stream: &StreamName, head: &HeadEntry, now: Timestamp) -> Retention {
        let head = head.to_stream_head();
        if stream.is_metastream() {
            Retention::of_metastream(&head)
        } else {
            Retention::of_stream(&head, now)
        }
    }

    pub(crate) fn stream_info(&self, stream: &StreamName, now: Timestamp) -> Result<StreamInfo> {
        let entry = self.head(stream)?;
        let head = entry.to_stream_head();
        let lane = head.lane(stream);
        let status = match lane {
            Lane { is_tombstoned: true, .. } => StreamStatus::Tombstoned,
            Lane { is_soft_deleted: true, .. } => StreamStatus::SoftDeleted,
            Lane { last: None, .. } => StreamStatus::Missing,
            Lane { .. } => StreamStatus::Live,
        };
        let last_recorded_at = match (status, lane.last) {
            (StreamStatus::Live, Some(last)) => self.recorded_at(stream, last)?,
            _ => None,
        };
        let own = !stream.is_metastream();
        Ok(StreamInfo {
            stream: stream.clone(),
            status,
            last_version: lane.last,
            first_version: Self::retention(stream, &entry, now).first,
            last_recorded_at,
            metadata: head.metadata.filter(|_| own).map(|m| (*m).clone()).unwrap_or_default(),
            metadata_version: head.metadata_last.filter(|_| own),
        })
    }

    fn recorded_at(&self, stream: &StreamName, version: Version) -> Result<Option<Timestamp>> {
        let position = self.view.position_of(self.terms.stream(stream), version)?;
        position.map(|position| Ok(self.view.event(position)?.recorded_at)).transpose()
    }
}
