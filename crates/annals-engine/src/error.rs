//! From what went wrong inside to the one public error.

use std::io;

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
    let message = format!("the index cannot {what}; open the store again to rebuild it");
    Error::new(ErrorKind::Unavailable, message).with("file", INDEX_DIR).caused_by(error)
}

/// The store is closed.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the store is closed")
}
