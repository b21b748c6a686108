//! From what went wrong inside to the one public error.

use std::{error::Error as _, io};

use annals_core::{Error, ErrorKind};

use crate::{
    format::{Damaged, segment_header::NEWER},
    log::names::INDEX_DIR,
};

/// Stored bytes are not what was written.
pub(crate) fn corrupted(file: &str, offset: u64, what: Damaged) -> Error {
    if what == NEWER {
        return Error::new(ErrorKind::Unsupported, format!("`{file}`: {what}")).with("file", file);
    }
    Error::new(ErrorKind::Corrupted, format!("`{file}` at byte {offset}: {what}"))
        .with("file", file)
        .with("offset", offset)
}

/// The operating system refused.
pub(crate) fn io_failed(what: &str, file: &str, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => ErrorKind::Corrupted,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::PermissionDenied
        }
        // A file stands where a folder should, so this is no place for a store.
        io::ErrorKind::NotADirectory => ErrorKind::InvalidArgument,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("cannot {what} (`{file}`)")).with("file", file).caused_by(error)
}

/// The index's tree refused.
pub(crate) fn index_failed(what: &str, error: lsm_tree::Error) -> Error {
    let is_full = matches!(&error, lsm_tree::Error::Io(cause) if says_full(cause));
    let hint = if is_full { "make room on the disk" } else { "open the store again to rebuild it" };
    let message = format!("the index cannot {what}; {hint}");
    Error::new(ErrorKind::Unavailable, message).with("file", INDEX_DIR).caused_by(error)
}

/// Whether something failed because there was no room on the disk.
pub(crate) fn is_full(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(says_full) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn says_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The store is closed.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the store is closed")
}
