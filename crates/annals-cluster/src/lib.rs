//! Many nodes, one store: a replicated log orders what is asked for, and every node applies the
//! same order to an embedded engine of its own.

mod backend;
mod entry;
pub mod log;
mod node;

pub use backend::Cluster;
pub use entry::{Begun, Genesis, RULES, begin};
pub use node::{Identity, Notice, Progress, Settings, store_dir};
