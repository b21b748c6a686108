//! Wire types stop here: everything that turns messages into the words of the store and back.

pub(crate) mod event;
pub(crate) mod ids;
pub(crate) mod request;
