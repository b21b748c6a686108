//! The protocol of KurrentDB, version 1 and 2.

pub(crate) mod all;
pub(crate) mod features;
pub(crate) mod gossip;
pub(crate) mod members;
pub(crate) mod monitoring;
pub(crate) mod operations;
pub(crate) mod persistent;
pub(crate) mod projections;
pub(crate) mod streams;
pub(crate) mod streams_v2;
pub(crate) mod users;

/// The version of KurrentDB whose behaviour clients find here.
pub(crate) const EMULATED_VERSION: &str = "26.1.0";
