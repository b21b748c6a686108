//! The messages of Annals' own protocol.

pub(crate) mod append;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod info;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod restore;
pub(crate) mod state;
