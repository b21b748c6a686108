//! Which events of a stream are still read.

use crate::{RecordedEvent, StreamMetadata, StreamName, Timestamp, Version};

use super::StreamHead;

/// Which events of a stream are still read, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Versions below this one are not.
    pub first: Version,
    /// Events recorded before this time are not.
    pub not_before: Option<Timestamp>,
}

const MICROS_PER_SECOND: i64 = 1_000_000;

impl Retention {
    /// What is readable of `stream`, which is the head's stream itself or its metastream.
    #[must_use]
    pub fn of(stream: &StreamName, head: &StreamHead, now: Timestamp) -> Self {
        if stream.is_metastream() { Self::of_metastream(head) } else { Self::of_stream(head, now) }
    }

    /// What a stream's metadata leaves readable.
    #[must_use]
    pub fn of_stream(head: &StreamHead, now: Timestamp) -> Self {
        let empty = StreamMetadata::default();
        let metadata = head.metadata.as_deref().unwrap_or(&empty);
        let by_count = Self::by_count(head.last, metadata.max_count);
        let by_version = metadata.truncate_before.unwrap_or(Version::FIRST);
        let not_before = metadata.max_age_seconds.map(|seconds| {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            let age = seconds.saturating_mul(MICROS_PER_SECOND);
            Timestamp::from_micros(now.as_micros().saturating_sub(age))
        });
        Self { first: std::cmp::max(by_count, by_version), not_before }
    }

    /// What is readable of a metastream: its last event only.
    #[must_use]
    pub fn of_metastream(head: &StreamHead) -> Self {
        Self { first: Self::by_count(head.metadata_last, Some(1)), not_before: None }
    }

    fn by_count(last: Option<Version>, max_count: Option<u64>) -> Version {
        match (last, max_count) {
            (Some(last), Some(count)) => Version::new(last.next().get().saturating_sub(count)),
            _ => Version::FIRST,
        }
    }

    /// Whether an event is still read.
    #[must_use]
    pub fn keeps(&self, event: &RecordedEvent) -> bool {
        event.version >= self.first
            && self.not_before.is_none_or(|not_before| event.recorded_at >= not_before)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn check(metadata: StreamMetadata) -> Retention {
        let head = StreamHead {
            last: Some(Version::new(9)),
            metadata: Some(Arc::new(metadata)),
            ..StreamHead::default()
        };
        Retention::of_stream(&head, Timestamp::from_micros(10_000_000))
    }

    #[test]
    fn the_stricter_of_count_and_version_holds() {
        let of = |max_count, truncate_before: Option<u64>| {
            let truncate_before = truncate_before.map(Version::new);
            let metadata = StreamMetadata { max_count, truncate_before, ..Default::default() };
            check(metadata).first.get()
        };
        assert_eq!(of(None, None), 0);
        assert_eq!(of(Some(3), None), 7);
        assert_eq!(of(Some(30), None), 0);
        assert_eq!(of(Some(3), Some(5)), 7);
        assert_eq!(of(Some(3), Some(8)), 8);
    }

    #[test]
    fn age_counts_back_from_now_and_never_overflows() {
        let of = |seconds| {
            check(StreamMetadata { max_age_seconds: Some(seconds), ..Default::default() })
                .not_before
        };
        assert_eq!(of(4), Some(Timestamp::from_micros(6_000_000)));
        assert!(of(u64::MAX).unwrap() < Timestamp::from_micros(0));
    }

    #[test]
    fn a_metastream_shows_its_last_event() {
        let head = StreamHead { metadata_last: Some(Version::new(4)), ..StreamHead::default() };
        assert_eq!(Retention::of_metastream(&head).first, Version::new(4));
    }
}
