//! Many nodes, one store: a replicated log orders what is asked for, and every node applies the
//! same order to an embedded engine of its own.

mod backend;
mod entry;
pub mod log;
pub mod names;
mod node;
pub mod setup;
mod threads;
pub mod url;

pub use backend::{Cluster, Options};
pub use entry::{Begun, Genesis, RULES, begin};
pub use node::{Identity, Notice, Progress, Settings, store_dir};
