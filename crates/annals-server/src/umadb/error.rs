//! Errors as UmaDB's clients know them: a gRPC status with an `ErrorResponse` as its details.

use annals_core::{Error, ErrorKind};
use annals_proto::umadb::{ErrorResponse, error_response::ErrorType};
use prost::Message;
use tonic::{Code, Status};

/// The status of an error. Clients look at the details first.
pub(super) fn status(error: &Error) -> Status {
    let (code, error_type) = kind(error.kind());
    let message = error.to_string();
    let details = ErrorResponse { message: message.clone(), error_type: error_type as i32 };
    Status::with_details(code, message, details.encode_to_vec().into())
}

const fn kind(kind: ErrorKind) -> (Code, ErrorType) {
    match kind {
        ErrorKind::WrongExpectedVersion | ErrorKind::ConditionFailed => {
            (Code::FailedPrecondition, ErrorType::Integrity)
        }
        ErrorKind::InvalidArgument | ErrorKind::TooLarge => {
            (Code::InvalidArgument, ErrorType::InvalidArgument)
        }
        ErrorKind::Unauthenticated => (Code::Unauthenticated, ErrorType::Authentication),
        ErrorKind::PermissionDenied => (Code::PermissionDenied, ErrorType::Authentication),
        ErrorKind::Corrupted | ErrorKind::Undecodable => (Code::DataLoss, ErrorType::Corruption),
        ErrorKind::Unsupported => (Code::Unimplemented, ErrorType::Internal),
        ErrorKind::Unavailable | ErrorKind::Poisoned | ErrorKind::Closed => {
            (Code::Unavailable, ErrorType::Io)
        }
        ErrorKind::Timeout => (Code::DeadlineExceeded, ErrorType::Io),
        // The one stream of this protocol was closed for good through another.
        ErrorKind::StreamNotFound | ErrorKind::StreamDeleted => (Code::Internal, ErrorType::Io),
        ErrorKind::Application | ErrorKind::Internal | _ => (Code::Internal, ErrorType::Internal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_and_details_that_say_the_same() {
        for kind in ErrorKind::ALL {
            let status = status(&Error::new(kind, "a reason"));
            let details = ErrorResponse::decode(status.details()).unwrap();
            assert_eq!(details.message, status.message(), "{kind:?}");
            let expected = match status.code() {
                Code::FailedPrecondition => ErrorType::Integrity,
                Code::InvalidArgument => ErrorType::InvalidArgument,
                Code::Unauthenticated | Code::PermissionDenied => ErrorType::Authentication,
                Code::DataLoss => ErrorType::Corruption,
                Code::Unavailable | Code::DeadlineExceeded => ErrorType::Io,
                _ => continue,
            };
            assert_eq!(details.error_type(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_conflict_is_an_integrity_error() {
        let conflict = status(&Error::condition_failed_at(0, annals_core::Position::FIRST));
        assert_eq!(conflict.code(), Code::FailedPrecondition);
    }
}
