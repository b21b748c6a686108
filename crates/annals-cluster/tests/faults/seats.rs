//! The nodes that writers write through: `a` and `b` in this process, `c` in another one.

use std::sync::Arc;

use annals_cluster::Cluster;
use annals_core::{Append, Appended, Backend, Result};
use parking_lot::Mutex;

use crate::other::Other;

/// How many there are.
pub(crate) const SEATS: usize = 3;
/// What they are called.
pub(crate) const NAMES: [&str; SEATS] = ["a", "b", "c"];
/// The one in another process.
pub(crate) const C: usize = SEATS - 1;

/// The nodes.
#[derive(Debug)]
pub(crate) struct Seats {
    /// `a` and `b`.
    pub(crate) here: Vec<Cluster>,
    /// `c`, while it runs.
    other: Mutex<Option<Arc<Other>>>,
}

impl Seats {
    pub(crate) fn new(here: Vec<Cluster>) -> Self {
        Self { here, other: Mutex::new(None) }
    }

    pub(crate) fn set_other(&self, other: Option<Other>) -> Option<Arc<Other>> {
        std::mem::replace(&mut *self.other.lock(), other.map(Arc::new))
    }

    pub(crate) fn other(&self) -> Option<Arc<Other>> {
        self.other.lock().clone()
    }

    /// Appends through a node; `None` when there is none now.
    pub(crate) async fn append(&self, seat: usize, append: Append) -> Option<Result<Appended>> {
        if let Some(node) = self.here.get(seat) {
            return Some(node.append(append).await);
        }
        let other = self.other()?;
        Some(other.append(append).await)
    }
}
