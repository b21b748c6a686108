//! Why an append of a batch failed: a status inside the answer, with a typed detail that clients
//! decide by.

use annals_core::{Error, ErrorKind, ExpectedVersion, limits};
use annals_proto::{
    google_rpc,
    kurrentdb::{
        AccessDenied, BadRequest, MaximumAppendEventSizeExceeded, MaximumAppendSizeExceeded,
        StreamDeleted, StreamIdentifier, Timeout, Unknown, WrongExpectedVersion,
        streams::{BatchAppendResp, batch_append_resp},
        wrong_expected_version::{CurrentStreamRevisionOption, ExpectedStreamPositionOption},
    },
};
use prost::Message;
use tonic::{Code, Status};
use uuid::Uuid;

use super::batch::correlation;
use crate::wire::event::Refused;

/// Why an append failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// An event of it was refused.
    Event(Refused),
    /// It is over the limit of bytes or events.
    TooLarge,
    /// The store refused it.
    Error(Error),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Event(refused)
    }
}

/// The answer to an append that failed.
pub(super) fn answer(
    id: Uuid,
    stream: Option<StreamIdentifier>,
    failed: &Failed,
) -> BatchAppendResp {
    let status = match failed {
        Failed::TooLarge => too_large(),
        Failed::Event(Refused::TooLarge { id, size }) => event_too_large(id, *size),
        Failed::Event(Refused::Missing(property)) => {
            bad_request(format!("Required Metadata Property '{property}' is missing"))
        }
        Failed::Event(Refused::Invalid(error)) | Failed::Error(error) => {
            of_error(error, stream.as_ref())
        }
    };
    BatchAppendResp {
        correlation_id: Some(correlation(id)),
        stream_identifier: stream,
        expected_stream_position: None,
        result: Some(batch_append_resp::Result::Error(status)),
    }
}

fn of_error(error: &Error, stream: Option<&StreamIdentifier>) -> google_rpc::Status {
    let message = error.to_string();
    match error.kind() {
        ErrorKind::WrongExpectedVersion => {
            let detail = wrong_expected_version(error);
            detailed(Code::AlreadyExists, "WrongExpectedVersion", "WrongExpectedVersion", &detail)
        }
        ErrorKind::StreamDeleted | ErrorKind::StreamNotFound => {
            let detail = StreamDeleted { stream_identifier: stream.cloned() };
            detailed(Code::NotFound, message, "StreamDeleted", &detail)
        }
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated => {
            detailed(Code::PermissionDenied, "Access Denied", "AccessDenied", &AccessDenied {})
        }
        ErrorKind::Timeout => detailed(Code::DeadlineExceeded, message, "Timeout", &Timeout {}),
        ErrorKind::TooLarge => too_large(),
        ErrorKind::InvalidArgument => bad_request(message),
        ErrorKind::ConditionFailed
        | ErrorKind::Unsupported
        | ErrorKind::Unavailable
        | ErrorKind::Corrupted
        | ErrorKind::Undecodable
        | ErrorKind::Application
        | ErrorKind::Poisoned
        | ErrorKind::Closed
        | ErrorKind::Internal
        | _ => detailed(Code::Unknown, message, "Unknown", &Unknown {}),
    }
}

fn bad_request(message: String) -> google_rpc::Status {
    let detail = BadRequest { message: message.clone() };
    detailed(Code::InvalidArgument, message, "BadRequest", &detail)
}

fn too_large() -> google_rpc::Status {
    let limit = limits::APPEND_BYTES_MAX;
    let detail =
        MaximumAppendSizeExceeded { max_append_size: u32::try_from(limit).unwrap_or(u32::MAX) };
    let message = format!("Maximum Append Size of {limit} Exceeded.");
    detailed(Code::InvalidArgument, message, "MaximumAppendSizeExceeded", &detail)
}

fn event_too_large(id: &str, size: usize) -> google_rpc::Status {
    let status = Status::from(Refused::TooLarge { id: id.to_owned(), size });
    let detail = MaximumAppendEventSizeExceeded {
        event_id: id.to_owned(),
        proposed_event_size: u32::try_from(size).unwrap_or(u32::MAX),
        max_append_event_size: u32::try_from(limits::EVENT_BYTES_MAX).unwrap_or(u32::MAX),
    };
    let name = "MaximumAppendEventSizeExceeded";
    detailed(Code::InvalidArgument, status.message(), name, &detail)
}

fn wrong_expected_version(error: &Error) -> WrongExpectedVersion {
    use ExpectedStreamPositionOption as Expected;
    let facts = error.wrong_expected_version();
    let current = facts.and_then(|facts| facts.actual);
    let current = current.map_or(CurrentStreamRevisionOption::CurrentNoStream(()), |version| {
        CurrentStreamRevisionOption::CurrentStreamRevision(version.get())
    });
    let expected = facts.map(|facts| match facts.expected {
        ExpectedVersion::Any => Expected::ExpectedAny(()),
        ExpectedVersion::NoStream => Expected::ExpectedNoStream(()),
        ExpectedVersion::StreamExists => Expected::ExpectedStreamExists(()),
        ExpectedVersion::Exact(version) => Expected::ExpectedStreamPosition(version.get()),
    });
    WrongExpectedVersion {
        current_stream_revision_option: Some(current),
        expected_stream_position_option: expected,
    }
}

fn detailed(
    code: Code,
    message: impl Into<String>,
    name: &str,
    detail: &impl Message,
) -> google_rpc::Status {
    google_rpc::Status {
        code: code as i32,
        message: message.into(),
        details: vec![prost_types::Any {
            type_url: format!("type.googleapis.com/event_store.client.{name}"),
            value: detail.encode_to_vec(),
        }],
    }
}
