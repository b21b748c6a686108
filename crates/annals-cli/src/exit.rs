//! Exit codes, and what every kind of store error means on a command line.

use annals::ErrorKind;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Failure = 1,
    Usage = 2,
    NotFound = 3,
    Conflict = 4,
    Denied = 5,
    Unavailable = 6,
    Corrupted = 7,
    Partial = 8,
    Warned = 9,
    Interrupted = 130,
}

impl Exit {
    /// Every code with what it says, for `annals help exit-codes`.
    pub(crate) const ALL: [(Self, &'static str); 11] = [
        (Self::Ok, "done"),
        (Self::Failure, "failed for a reason that has no code of its own"),
        (Self::Usage, "the command, or a name or value in it, is wrong as it stands"),
        (Self::NotFound, "the store or the stream does not exist, or is deleted"),
        (Self::Conflict, "refused: another version than expected, or a condition failed"),
        (Self::Denied, "not allowed: credentials or file permissions"),
        (Self::Unavailable, "locked by another process, out of space, unreachable, or too slow"),
        (Self::Corrupted, "stored bytes are damaged"),
        (Self::Partial, "done in part: some records were skipped, each was listed"),
        (Self::Warned, "it works, with a risk that was listed, or with what could not be seen"),
        (Self::Interrupted, "interrupted (SIGINT)"),
    ];

    /// The number for the operating system.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

/// What a kind of store error means on a command line.
struct Row {
    kind: ErrorKind,
    exit: Exit,
    hint: &'static str,
}

const fn row(kind: ErrorKind, exit: Exit, hint: &'static str) -> Row {
    Row { kind, exit, hint }
}

const ROWS: [Row; 17] = [
    row(
        ErrorKind::WrongExpectedVersion,
        Exit::Conflict,
        "read the stream again, decide anew, and expect the version it has now",
    ),
    row(
        ErrorKind::ConditionFailed,
        Exit::Conflict,
        "somebody was faster; read what is new and decide again",
    ),
    row(
        ErrorKind::StreamNotFound,
        Exit::NotFound,
        "check the name; `annals stream ls` lists the streams",
    ),
    row(
        ErrorKind::StreamDeleted,
        Exit::NotFound,
        "a tombstoned stream stays closed; use a stream of another name",
    ),
    row(
        ErrorKind::InvalidArgument,
        Exit::Usage,
        "correct the value; `--help` after the command shows examples",
    ),
    row(
        ErrorKind::TooLarge,
        Exit::Usage,
        "send less at once, or keep the large part elsewhere and refer to it",
    ),
    row(
        ErrorKind::Unsupported,
        Exit::Failure,
        "use a store that can do this, or a program that is as new as the store",
    ),
    row(
        ErrorKind::Unauthenticated,
        Exit::Denied,
        "check the user, the password and the certificates that the URL of the store names",
    ),
    row(
        ErrorKind::PermissionDenied,
        Exit::Denied,
        "check who owns the folder or the schema, or run as somebody who may use it",
    ),
    row(
        ErrorKind::Unavailable,
        Exit::Unavailable,
        "check that the store can be reached, is held by nobody else and has room, and try again",
    ),
    row(
        ErrorKind::Timeout,
        Exit::Unavailable,
        "try again; appending the same event ids once more is safe",
    ),
    row(
        ErrorKind::Corrupted,
        Exit::Corrupted,
        "`annals verify` lists the damage; restore a copy, or import an export into a new store",
    ),
    row(
        ErrorKind::Undecodable,
        Exit::Failure,
        "read the event with `annals read -o json`, and give the program an upcaster for it",
    ),
    row(
        ErrorKind::Application,
        Exit::Failure,
        "this is an error of the program that uses the store; see its log",
    ),
    row(
        ErrorKind::Poisoned,
        Exit::Failure,
        "mend what it says, then run the command again: opening the store anew recovers it",
    ),
    row(ErrorKind::Closed, Exit::Failure, "run the command again"),
    row(
        ErrorKind::Internal,
        Exit::Failure,
        "this is a defect of annals; report it with the command and this message",
    ),
];

fn row_of(kind: ErrorKind) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.kind == kind)
}

/// The exit code for a kind of store error.
pub(crate) fn of(kind: ErrorKind) -> Exit {
    row_of(kind).map_or(Exit::Failure, |row| row.exit)
}

/// What to try after a kind of store error.
pub(crate) fn hint(kind: ErrorKind) -> &'static str {
    row_of(kind).map_or("run the command again", |row| row.hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_own_row() {
        for kind in ErrorKind::ALL {
            let rows = ROWS.iter().filter(|row| row.kind == kind).count();
            assert_eq!(rows, 1, "{kind:?}");
            assert!(!hint(kind).is_empty() && !hint(kind).ends_with('.'), "{kind:?}");
            assert_ne!(of(kind), Exit::Ok, "{kind:?}");
        }
    }

    #[test]
    fn every_exit_code_is_documented_once() {
        let codes: std::collections::BTreeSet<_> =
            Exit::ALL.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130]);
    }
}
