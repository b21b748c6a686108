//! SQLite's errors as ours.

use std::error::Error as StdError;

use annals_core::{Error, ErrorKind};
use rusqlite::ErrorCode;

use super::super::Trouble;
use crate::BoxError;

/// The error for something SQLite did not do.
pub(super) fn failed(what: &str, error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen,
        ) => ErrorKind::Unavailable,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => ErrorKind::PermissionDenied,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::Corrupted,
        _ => ErrorKind::Application,
    };
    Error::new(kind, format!("SQLite, {what}: {error}")).caused_by(error)
}

/// What an error from anywhere says about the database.
pub(super) fn trouble(error: &BoxError) -> Option<Trouble> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error.as_ref());
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<rusqlite::Error>() {
            return trouble_of(error);
        }
        cause = error.source();
    }
    None
}

fn trouble_of(error: &rusqlite::Error) -> Option<Trouble> {
    let text = error.to_string();
    match error.sqlite_error_code()? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some(Trouble::Passing(text)),
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase => Some(Trouble::Lasting(text)),
        _ if text.contains("no such table") => Some(Trouble::Schema(text)),
        _ => None,
    }
}
