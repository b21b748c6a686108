//! What `annals serve` has around the server itself: its log, its traces, the signals that end it,
//! and a word to the service manager.

pub(crate) mod log;
pub(crate) mod notify;
pub(crate) mod signals;
pub(crate) mod traces;
