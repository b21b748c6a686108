//! Reading a stretch of one stream.

use annals_core::{Direction, ReadStream, RecordedEvent, Version};
use annals_proto::kurrentdb::streams::ReadReq;

use super::{Progress, Verdict};
use crate::wire::request;

/// What is asked of a stream.
pub(super) struct OfStream(pub(super) ReadStream);

impl OfStream {
    /// What is left of it.
    pub(super) fn request(&self, progress: &Progress, left: u64) -> Option<ReadReq> {
        let mut read = self.0.clone();
        if let Some((last, _)) = progress.last {
            read.from = Some(match read.direction {
                Direction::Forward => last.next(),
                Direction::Backward => Version::new(last.get().checked_sub(1)?),
            });
        }
        if progress.given > 0 && read.from.is_some_and(|from| self.is_behind(from)) {
            return None;
        }
        // Nothing is asked for as one event, which is not given.
        read.limit = Some(left.max(1));
        Some(request::of_stream(&read))
    }

    pub(super) fn verdict(&self, event: &RecordedEvent) -> Verdict {
        if self.is_behind(event.version) { Verdict::End } else { Verdict::Give }
    }

    /// Whether a version is behind the end of the stretch. The server knows no end.
    fn is_behind(&self, version: Version) -> bool {
        self.0.to.is_some_and(|to| match self.0.direction {
            Direction::Forward => version > to,
            Direction::Backward => version < to,
        })
    }
}
