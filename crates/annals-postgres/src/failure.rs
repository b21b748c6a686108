//! What PostgreSQL's errors mean for callers of the store.
//!
//! The details and contexts that PostgreSQL adds to an error may quote payloads, so only its code
//! and its first line are passed on.

use annals_core::{Error, ErrorKind};
use tokio_postgres::error::{DbError, SqlState};

use crate::{tls::explained, unreached::Unreached};

/// The error of a call, with what was being done.
pub(crate) fn failed(what: &str, error: tokio_postgres::Error) -> Error {
    if let Some(explained) = explained(what, &error) {
        return explained.caused_by(error);
    }
    match error.as_db_error() {
        Some(db) => of_database(what, db),
        None if is_lost(&error) => Error::new(
            ErrorKind::Unavailable,
            format!("PostgreSQL could not be reached, or did not answer in time, while {what}"),
        )
        .caused_by(error),
        None => Error::new(ErrorKind::Internal, format!("{what} failed: {error}")).caused_by(error),
    }
}

/// Whether the connection is gone, so that the answer of a call is not known.
pub(crate) fn is_lost(error: &tokio_postgres::Error) -> bool {
    let ended_by_server = error.code().is_some_and(|code| {
        [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW]
            .contains(code)
    });
    ended_by_server
        || error.is_closed()
        || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// Whether an error of the store says that PostgreSQL is not there, for now: it was not reached, or
/// is ending or starting.
pub(crate) fn is_out_of_reach(error: &Error) -> bool {
    let not_reached = std::error::Error::source(error).is_some_and(|source| {
        source.is::<Unreached>()
            || source.downcast_ref::<tokio_postgres::Error>().is_some_and(is_lost)
    });
    not_reached || ["57P01", "57P02", "57P03"].iter().any(|code| sqlstate(error) == Some(code))
}

/// Whether an error of the store says that somebody else's lock was waited for in vain.
pub(crate) fn is_lock_timeout(error: &Error) -> bool {
    sqlstate(error) == Some("55P03")
}

fn sqlstate(error: &Error) -> Option<&str> {
    error.context().iter().find(|(name, _)| *name == "sqlstate").map(|(_, code)| code.as_str())
}

/// The error of a call whose answer was lost, and that could not be made again.
pub(crate) fn may_be_done(error: &Error) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!(
            "the connection to PostgreSQL was lost before its answer came, and then: {error}; what \
             was asked for may have been done, and an append can be sent again as it was"
        ),
    )
}

/// Whether an error is about one request of a group, so that the others can do without it: about
/// its values, its time, or rules that the database's owner has added.
pub(crate) fn is_about_request(error: &tokio_postgres::Error) -> bool {
    let classes = ["22", "23", "2F", "38", "39", "44", "54", "P0"];
    error.code().is_some_and(|code| {
        *code == SqlState::QUERY_CANCELED
            || classes.iter().any(|class| code.code().starts_with(class))
    })
}

/// Whether a call took too long, or was cancelled.
pub(crate) fn is_cancelled(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}

/// Whether PostgreSQL could not take a value.
pub(crate) fn is_about_data(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| ["22", "54"].iter().any(|class| code.code().starts_with(class)))
}

fn of_database(what: &str, error: &DbError) -> Error {
    let code = error.code();
    let (kind, try_this) = match code.code() {
        "57014" => (ErrorKind::Timeout, "; raise `statement_timeout` if it is too short"),
        "55P03" => (ErrorKind::Unavailable, "; somebody holds a lock on the tables of the store"),
        "53100" => (ErrorKind::Unavailable, "; make room on the server's disk"),
        "53200" => (
            ErrorKind::Unavailable,
            "; where it is out of shared memory, raise `max_locks_per_transaction`",
        ),
        "53300" => (ErrorKind::Unavailable, "; lower `pool_size` or raise `max_connections`"),
        "25006" => (ErrorKind::Unavailable, "; this server is a standby, write to the primary"),
        "42P01" | "42883" | "3F000" => {
            (ErrorKind::Unavailable, "; the store's schema is not complete, run `annals migrate`")
        }
        "23505" => (
            ErrorKind::Corrupted,
            "; somebody wrote to the tables past the function `append`: remove from `events`, \
             `event_tags` and `streams` what is beyond `store.head`",
        ),
        "42501" => (ErrorKind::PermissionDenied, ""),
        "3D000" => (ErrorKind::InvalidArgument, "; create the database first"),
        code => (kind_of_class(code), ""),
    };
    let message = error.message();
    Error::new(
        kind,
        format!("{what} failed: PostgreSQL says `{message}` ({}){try_this}", code.code()),
    )
    .with("sqlstate", code.code())
}

/// The kind by the first two characters of the code.
fn kind_of_class(code: &str) -> ErrorKind {
    match code.get(..2) {
        Some("08" | "40" | "53" | "57" | "58") => ErrorKind::Unavailable,
        Some("28") => ErrorKind::Unauthenticated,
        Some("22" | "54") => ErrorKind::InvalidArgument,
        Some("XX") => ErrorKind::Corrupted,
        _ => ErrorKind::Internal,
    }
}
