//! PostgreSQL's errors, as far as a runner goes on differently.

use std::error::Error as StdError;

use annals_core::{Error, ErrorKind};
use annals_postgres::tokio_postgres;

use super::super::Trouble;
use crate::BoxError;

/// The name under which an error has PostgreSQL's code.
const CODE: &str = "sqlstate";

/// PostgreSQL's code of an error.
pub(super) fn code(error: &Error) -> Option<&str> {
    error.context().iter().find(|(name, _)| *name == CODE).map(|(_, code)| code.as_str())
}

/// The error for a column that does not hold what it must.
pub(super) fn strange(error: tokio_postgres::Error) -> Error {
    Error::new(ErrorKind::Corrupted, "the records of read models are not of today's form")
        .caused_by(error)
}

/// What an error from anywhere says about the database.
pub(super) fn trouble(error: &BoxError) -> Option<Trouble> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error.as_ref());
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<tokio_postgres::Error>() {
            return match error.code() {
                Some(code) => of_code(code.code(), error),
                None if error.is_closed() => Some(Trouble::Passing(error.to_string())),
                None => None,
            };
        }
        if let Some(error) = error.downcast_ref::<Error>() {
            match (code(error), error.kind()) {
                (Some(code), _) => return of_code(code, error),
                (None, ErrorKind::Unavailable) => return Some(Trouble::Passing(error.to_string())),
                (None, ErrorKind::Closed) => return Some(Trouble::Lasting(error.to_string())),
                _ => {}
            }
        }
        cause = error.source();
    }
    None
}

fn of_code(code: &str, error: &dyn StdError) -> Option<Trouble> {
    let text = error.to_string();
    match code {
        // Locked, too many connections, the server ends or begins.
        "55P03" | "53300" | "57P01" | "57P02" | "57P03" => Some(Trouble::Passing(text)),
        "42P01" | "3F000" | "42703" => Some(Trouble::Schema(text)),
        "25006" | "42501" => Some(Trouble::Lasting(text)),
        _ => match code.get(..2) {
            // The connection is gone, or others were in the way.
            Some("08" | "40") => Some(Trouble::Passing(text)),
            // No room, no memory, no disk, no password, damage.
            Some("53" | "58" | "28" | "XX") => Some(Trouble::Lasting(text)),
            _ => None,
        },
    }
}
