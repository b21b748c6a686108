//! Expected version against the state of a stream.

use std::sync::Arc;

use crate::{DeleteMode, Error, ExpectedVersion, Result, StreamMetadata, StreamName, Version};

/// Everything about a stream that decides about appends to it and to its metastream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamHead {
    /// The version of its last event.
    pub last: Option<Version>,
    /// The version of its last metadata.
    pub metadata_last: Option<Version>,
    /// Its metadata.
    pub metadata: Option<Arc<StreamMetadata>>,
    /// Whether it is closed for good.
    pub is_tombstoned: bool,
}

/// One of the two streams a [`StreamHead`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// The version of its last event.
    pub last: Option<Version>,
    /// Whether it has a metastream with events.
    pub has_metadata: bool,
    /// Whether it is deleted but can come back.
    pub is_soft_deleted: bool,
    /// Whether it is closed for good.
    pub is_tombstoned: bool,
}

impl StreamHead {
    /// Whether the stream is deleted but can come back.
    #[must_use]
    pub fn is_soft_deleted(&self) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| metadata.is_deleted())
    }

    /// The view for a write to `stream`, which is the stream itself or its metastream.
    #[must_use]
    pub fn lane(&self, stream: &StreamName) -> Lane {
        if stream.is_metastream() {
            return Lane {
                last: self.metadata_last,
                has_metadata: false,
                is_soft_deleted: false,
                is_tombstoned: self.is_tombstoned,
            };
        }
        Lane {
            last: self.last,
            has_metadata: self.metadata_last.is_some(),
            is_soft_deleted: self.is_soft_deleted(),
            is_tombstoned: self.is_tombstoned,
        }
    }

    /// The metadata that brings a soft-deleted stream back: reads begin with the next event, and
    /// all other settings stay. `None` when the stream is not deleted.
    #[must_use]
    pub fn undelete(&self) -> Option<StreamMetadata> {
        let metadata = self.metadata.as_ref().filter(|metadata| metadata.is_deleted())?;
        let next = self.last.map_or(Version::FIRST, Version::next);
        // `$tb` 0 would be ignored, and means the same as none.
        let truncate_before = Some(next).filter(|version| *version > Version::FIRST);
        Some(StreamMetadata { truncate_before, ..metadata.as_ref().clone() })
    }
}

/// What the expected version says about a write.
#[derive(Debug)]
pub enum Verdict {
    /// Accepted. A retry is recognised by ids among the store's newest events
    /// ([`resolve_retry`](super::resolve_retry)).
    Accept,
    /// Accepted, and nothing stored can be a retry of it.
    AcceptNew,
    /// The stream has gone on. A retry would stand at `first` and the versions after it
    /// ([`resolve_repeat`](super::resolve_repeat)).
    Repeat {
        /// Where the first event of the write would stand.
        first: Version,
        /// What holds when none of the events stand there.
        otherwise: Otherwise,
    },
    /// Refused.
    Reject(Error),
}

/// What holds for a write that turned out not to be a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// It is accepted.
    Accept,
    /// It is a conflict.
    Conflict,
}

/// Decides about a write to a stream.
#[must_use]
pub fn decide(stream: &StreamName, expected: ExpectedVersion, lane: Lane) -> Verdict {
    if lane.is_tombstoned {
        return Verdict::Reject(Error::stream_deleted(stream));
    }
    let conflict = || Error::wrong_expected_version_of(stream.clone(), expected, lane.last);
    match (expected, lane.last) {
        (ExpectedVersion::Any, _) => Verdict::Accept,
        (ExpectedVersion::StreamExists, _) if lane.is_soft_deleted => {
            Verdict::Reject(Error::stream_deleted(stream))
        }
        (ExpectedVersion::StreamExists, None) if !lane.has_metadata => Verdict::Reject(conflict()),
        (ExpectedVersion::StreamExists, _) => Verdict::Accept,
        (ExpectedVersion::NoStream, None) => Verdict::AcceptNew,
        (ExpectedVersion::NoStream, Some(_)) => {
            let otherwise =
                if lane.is_soft_deleted { Otherwise::Accept } else { Otherwise::Conflict };
            Verdict::Repeat { first: Version::FIRST, otherwise }
        }
        (ExpectedVersion::Exact(version), Some(last)) if version == last => Verdict::AcceptNew,
        (ExpectedVersion::Exact(version), Some(last)) if version < last => {
            Verdict::Repeat { first: version.next(), otherwise: Otherwise::Conflict }
        }
        (ExpectedVersion::Exact(_), _) => Verdict::Reject(conflict()),
    }
}

/// Decides about deleting a stream.
///
/// # Errors
/// `StreamDeleted` for a tombstoned stream, `WrongExpectedVersion` otherwise.
pub fn decide_delete(
    stream: &StreamName,
    expected: ExpectedVersion,
    mode: DeleteMode,
    head: &StreamHead,
) -> Result<()> {
    if stream.is_metastream() {
        return Err(Error::invalid(format!(
            "`{stream}` holds the metadata of another stream; delete that stream instead"
        )));
    }
    let lane = head.lane(stream);
    if lane.is_tombstoned {
        return Err(Error::stream_deleted(stream));
    }
    let accepted = match (expected, lane.last) {
        (ExpectedVersion::Any | ExpectedVersion::NoStream, None) => {
            mode == DeleteMode::Tombstone || lane.has_metadata
        }
        (ExpectedVersion::StreamExists, None) => lane.has_metadata && !lane.is_soft_deleted,
        (ExpectedVersion::Any, Some(_)) => true,
        (ExpectedVersion::NoStream, Some(_)) => lane.is_soft_deleted,
        (ExpectedVersion::StreamExists, Some(_)) => !lane.is_soft_deleted,
        (ExpectedVersion::Exact(version), last) => last == Some(version),
    };
    if accepted {
        return Ok(());
    }
    Err(Error::wrong_expected_version_of(stream.clone(), expected, lane.last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn lane(last: Option<u64>) -> Lane {
        Lane {
            last: last.map(Version::new),
            has_metadata: false,
            is_soft_deleted: false,
            is_tombstoned: false,
        }
    }

    fn check(expected: ExpectedVersion, lane: Lane) -> String {
        let stream = StreamName::new("s").unwrap();
        match decide(&stream, expected, lane) {
            Verdict::Accept => "accept".to_owned(),
            Verdict::AcceptNew => "accept new".to_owned(),
            Verdict::Repeat { first, otherwise } => format!("repeat at {first} or {otherwise:?}"),
            Verdict::Reject(error) => error.kind().code().to_owned(),
        }
    }

    use ExpectedVersion::{Any, NoStream, StreamExists};

    fn exact(version: u64) -> ExpectedVersion {
        ExpectedVersion::Exact(Version::new(version))
    }

    #[test]
    fn a_stream_that_was_never_written() {
        assert_eq!(check(Any, lane(None)), "accept");
        assert_eq!(check(NoStream, lane(None)), "accept new");
        assert_eq!(check(StreamExists, lane(None)), "wrong_expected_version");
        assert_eq!(check(exact(0), lane(None)), "wrong_expected_version");
        let with_metadata = Lane { has_metadata: true, ..lane(None) };
        assert_eq!(check(StreamExists, with_metadata), "accept");
    }

    #[test]
    fn a_live_stream() {
        assert_eq!(check(Any, lane(Some(4))), "accept");
        assert_eq!(check(StreamExists, lane(Some(4))), "accept");
        assert_eq!(check(exact(4), lane(Some(4))), "accept new");
        assert_eq!(check(exact(5), lane(Some(4))), "wrong_expected_version");
        assert_eq!(check(exact(2), lane(Some(4))), "repeat at 3 or Conflict");
        assert_eq!(check(NoStream, lane(Some(4))), "repeat at 0 or Conflict");
    }

    #[test]
    fn a_soft_deleted_stream() {
        let deleted = Lane { is_soft_deleted: true, has_metadata: true, ..lane(Some(4)) };
        assert_eq!(check(Any, deleted), "accept");
        assert_eq!(check(NoStream, deleted), "repeat at 0 or Accept");
        assert_eq!(check(exact(4), deleted), "accept new");
        assert_eq!(check(exact(3), deleted), "repeat at 4 or Conflict");
        assert_eq!(check(StreamExists, deleted), "stream_deleted");
    }

    #[test]
    fn a_tombstoned_stream_refuses_everything() {
        let closed = Lane { is_tombstoned: true, ..lane(Some(4)) };
        for expected in [Any, NoStream, StreamExists, exact(4)] {
            assert_eq!(check(expected, closed), "stream_deleted");
        }
    }

    fn check_delete(expected: ExpectedVersion, mode: DeleteMode, head: &StreamHead) -> String {
        let stream = StreamName::new("s").unwrap();
        match decide_delete(&stream, expected, mode, head) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.kind().code().to_owned(),
        }
    }

    #[test]
    fn deleting_what_was_never_written_is_a_conflict_and_tombstoning_it_is_not() {
        let missing = StreamHead::default();
        assert_eq!(check_delete(Any, DeleteMode::Soft, &missing), "wrong_expected_version");
        assert_eq!(check_delete(Any, DeleteMode::Tombstone, &missing), "ok");
        assert_eq!(check_delete(NoStream, DeleteMode::Tombstone, &missing), "ok");
        assert_eq!(
            check_delete(exact(0), DeleteMode::Tombstone, &missing),
            "wrong_expected_version"
        );
        let only_metadata =
            StreamHead { metadata_last: Some(Version::FIRST), ..StreamHead::default() };
        assert_eq!(check_delete(Any, DeleteMode::Soft, &only_metadata), "ok");
    }

    #[test]
    fn deleting_a_live_stream_checks_its_version() {
        let live = StreamHead { last: Some(Version::new(4)), ..StreamHead::default() };
        assert_eq!(check_delete(Any, DeleteMode::Soft, &live), "ok");
        assert_eq!(check_delete(exact(4), DeleteMode::Soft, &live), "ok");
        assert_eq!(check_delete(exact(3), DeleteMode::Soft, &live), "wrong_expected_version");
        assert_eq!(check_delete(NoStream, DeleteMode::Soft, &live), "wrong_expected_version");
        let closed = StreamHead { is_tombstoned: true, ..live };
        assert_eq!(check_delete(Any, DeleteMode::Tombstone, &closed), "stream_deleted");
    }

    #[test]
    fn coming_back_keeps_the_other_settings_and_numbers_on() {
        let metadata = StreamMetadata { max_count: Some(3), ..StreamMetadata::deleted() };
        let head = StreamHead {
            last: Some(Version::new(4)),
            metadata: Some(Arc::new(metadata)),
            ..StreamHead::default()
        };
        let back = head.undelete().unwrap();
        assert_eq!(back.truncate_before, Some(Version::new(5)));
        assert_eq!(back.max_count, Some(3));
        assert_eq!(StreamHead::default().undelete(), None);
    }

    #[test]
    fn the_error_of_a_conflict_is_about_the_stream() {
        let stream = StreamName::new("s").unwrap();
        let Verdict::Reject(error) = decide(&stream, exact(9), lane(Some(4))) else {
            panic!("a version ahead of the stream must be refused");
        };
        assert_eq!(error.kind(), ErrorKind::WrongExpectedVersion);
        assert_eq!(error.wrong_expected_version().unwrap().actual, Some(Version::new(4)));
    }
}
