//! Many nodes, one store: a replicated log orders what is asked for, and every node applies the
//! same order to an embedded engine of its own.

pub mod log;
pub mod names;
pub mod setup;
pub mod url;
