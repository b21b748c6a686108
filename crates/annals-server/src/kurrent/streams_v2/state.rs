//! What a check expects of a stream, against what the stream is.

use annals_core::{ExpectedVersion, StreamInfo, StreamName, StreamStatus, Version};
use annals_proto::kurrentdb_v2::ConsistencyCheck;
use annals_proto::kurrentdb_v2::consistency_check::Type;
use annals_proto::kurrentdb_v2::errors::{
    ConsistencyViolation,
    consistency_violation::{StreamStateViolation, Type as ViolationType},
};
use tonic::Status;

use super::{error, number, stream_name};

const NO_STREAM: i64 = -1;
const ANY: i64 = -2;
const EXISTS: i64 = -4;
const DELETED: i64 = -5;
const TOMBSTONED: i64 = -6;

/// What a stream is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Any,
    Exact(Version),
    NoStream,
    Exists,
    Deleted,
    Tombstoned,
}

/// Whether the append that checks a stream also writes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Written,
    CheckedOnly,
}

/// A stream with what is expected of it.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) stream: StreamName,
    pub(super) expected: Expected,
}

impl Check {
    pub(super) fn new(check: ConsistencyCheck) -> Result<Self, Status> {
        let Some(Type::StreamState(check)) = check.r#type else {
            return Err(error::bad_request("checks", "a check names a stream and its state"));
        };
        let stream = stream_name(check.stream)?;
        // Clients leave a zero out.
        let expected = match check.expected_state.unwrap_or_default() {
            NO_STREAM => Expected::NoStream,
            EXISTS => Expected::Exists,
            DELETED => Expected::Deleted,
            TOMBSTONED => Expected::Tombstoned,
            state => Expected::Exact(Version::new(u64::try_from(state).map_err(|_| {
                let why = "expected states are numbers from 0, or -1, -4, -5 or -6";
                error::bad_request("checks.expected_state", why)
            })?)),
        };
        Ok(Self { stream, expected })
    }
}

impl Expected {
    /// The same in the words of the store, which has none for deleted streams.
    pub(super) const fn version(self) -> Option<ExpectedVersion> {
        match self {
            Self::Any => Some(ExpectedVersion::Any),
            Self::Exact(version) => Some(ExpectedVersion::Exact(version)),
            Self::NoStream => Some(ExpectedVersion::NoStream),
            Self::Exists => Some(ExpectedVersion::StreamExists),
            Self::Deleted | Self::Tombstoned => None,
        }
    }

    fn number(self) -> i64 {
        match self {
            Self::Any => ANY,
            Self::Exact(version) => number(version.get()),
            Self::NoStream => NO_STREAM,
            Self::Exists => EXISTS,
            Self::Deleted => DELETED,
            Self::Tombstoned => TOMBSTONED,
        }
    }

    /// Whether a stream is as expected. One difference to other servers, where a check for a closed
    /// stream also passes on a live one: here it does not.
    fn holds(self, info: &StreamInfo, used: Use) -> bool {
        match (self, info.status) {
            (Self::Tombstoned | Self::NoStream | Self::Any, StreamStatus::Tombstoned) => {
                used == Use::CheckedOnly
            }
            (_, StreamStatus::Tombstoned) => false,
            (Self::Any, _) | (Self::Exists, StreamStatus::Live) => true,
            (Self::NoStream, status) => status != StreamStatus::Live,
            (Self::Exact(version), _) => info.last_version == Some(version),
            (Self::Deleted, status) => status == StreamStatus::SoftDeleted,
            // A stream that has settings exists, also for the store.
            (Self::Exists, StreamStatus::Missing) => info.metadata_version.is_some(),
            (Self::Exists, StreamStatus::SoftDeleted) | (Self::Tombstoned, _) => false,
        }
    }

    /// How a stream violates a check, if it does.
    pub(super) fn violation(
        self,
        index: usize,
        info: &StreamInfo,
        used: Use,
    ) -> Option<ConsistencyViolation> {
        if self.holds(info, used) {
            return None;
        }
        let actual_state = match info.status {
            StreamStatus::Missing => NO_STREAM,
            StreamStatus::Live => {
                info.last_version.map_or(NO_STREAM, |version| number(version.get()))
            }
            StreamStatus::SoftDeleted => DELETED,
            StreamStatus::Tombstoned => TOMBSTONED,
        };
        let violation = StreamStateViolation {
            stream: info.stream.to_string(),
            expected_state: self.number(),
            actual_state,
        };
        Some(ConsistencyViolation {
            check_index: i32::try_from(index).unwrap_or(i32::MAX),
            r#type: Some(ViolationType::StreamState(violation)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::StreamMetadata;

    fn info(status: StreamStatus, last: Option<u64>) -> StreamInfo {
        StreamInfo {
            stream: StreamName::new("a").unwrap(),
            status,
            last_version: last.map(Version::new),
            first_version: Version::FIRST,
            last_recorded_at: None,
            metadata: StreamMetadata::default(),
            metadata_version: None,
        }
    }

    /// The state that a violation tells, `None` where the check holds.
    fn actual(expected: Expected, info: &StreamInfo, used: Use) -> Option<i64> {
        let violation = expected.violation(0, info, used)?;
        let Some(ViolationType::StreamState(violation)) = violation.r#type else { return None };
        Some(violation.actual_state)
    }

    #[test]
    fn the_matrix_is_kept() {
        let states = [
            info(StreamStatus::Live, Some(7)),
            info(StreamStatus::Missing, None),
            info(StreamStatus::SoftDeleted, Some(7)),
            info(StreamStatus::Tombstoned, Some(7)),
        ];
        let exact = |version| Expected::Exact(Version::new(version));
        let rows = [
            (exact(7), [None, Some(-1), None, Some(-6)]),
            (exact(3), [Some(7), Some(-1), Some(-5), Some(-6)]),
            (Expected::NoStream, [Some(7), None, None, None]),
            (Expected::Any, [None, None, None, None]),
            (Expected::Exists, [None, Some(-1), Some(-5), Some(-6)]),
            (Expected::Deleted, [Some(7), Some(-1), None, Some(-6)]),
            (Expected::Tombstoned, [Some(7), Some(-1), Some(-5), None]),
        ];
        for (expected, row) in rows {
            let checked: Vec<_> =
                states.iter().map(|info| actual(expected, info, Use::CheckedOnly)).collect();
            assert_eq!(checked, row, "{expected:?}, checked only");
            let closed = actual(expected, &states[3], Use::Written);
            assert_eq!(closed, Some(-6), "{expected:?}, written and tombstoned");
        }
    }
}
