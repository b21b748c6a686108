//! The embedded engine of Annals: a log, and indexes derived from it.

pub mod storage;
