//! Wire types stop here: everything that turns the words of the store into messages and back.

pub(crate) mod append;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod info;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod restore;
pub(crate) mod state;

use annals_core::{Error, ErrorKind};

/// The server sent what cannot be.
pub(crate) fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("the server sent {what}, which cannot be understood"))
}
