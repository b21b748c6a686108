//! What a reader sees: everything below one head.

use std::sync::Arc;

use annals_core::{Result, StreamInfo, StreamName, StreamStatus, Timestamp, Version};

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

    /// So little that nobody has to wait for it.
    pub(crate) const SHORT: Self = Self { events: 128, bytes: 64 * 1024 };

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

    pub(crate) fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        let info = StreamInfo::of(stream, &self.head(stream)?.to_stream_head());
        let last_recorded_at = match (info.status, info.last_version) {
            (StreamStatus::Live, Some(last)) => self.recorded_at(stream, last)?,
            _ => None,
        };
        Ok(StreamInfo { last_recorded_at, ..info })
    }

    fn recorded_at(&self, stream: &StreamName, version: Version) -> Result<Option<Timestamp>> {
        let position = self.view.position_of(self.terms.stream(stream), version)?;
        position.map(|position| Ok(self.view.event(position)?.recorded_at)).transpose()
    }
}
