//! The protocol of KurrentDB, version 1 and 2.

pub(crate) mod features;
pub(crate) mod gossip;
pub(crate) mod streams;
pub(crate) mod users;

/// The version of KurrentDB whose behaviour clients find here.
pub(crate) const EMULATED_VERSION: &str = "26.1.0";
