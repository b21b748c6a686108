//! Warm aggregates: states kept in memory, so that loading reads only what is new.

use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

use annals_core::StreamName;
use quick_cache::sync::Cache as Kept;

use super::{Boundary, Root};

type Key = (TypeId, StreamName);

/// States by type and stream. Only aggregates with a stream are kept: their last event shows
/// whether the state still stands.
pub(crate) struct Cache {
    kept: Option<Kept<Key, Arc<dyn Any + Send + Sync>>>,
}

impl Cache {
    pub(crate) fn new(aggregates: usize) -> Self {
        Self { kept: (aggregates > 0).then(|| Kept::new(aggregates)) }
    }

    pub(crate) fn get<B: Boundary>(&self, root: &Root<B>) -> Option<Arc<Root<B>>> {
        let found = self.kept.as_ref()?.get(&key(root)?)?;
        found.downcast().ok()
    }

    pub(crate) fn put<B: Boundary>(&self, root: Root<B>) {
        if let Some((kept, key)) = self.kept.as_ref().zip(key(&root)) {
            kept.insert(key, Arc::new(root));
        }
    }
}

fn key<B: Boundary>(root: &Root<B>) -> Option<Key> {
    Some((TypeId::of::<B>(), root.lone_stream()?.clone()))
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.kept.as_ref().map_or(0, Kept::len);
        f.debug_struct("Cache").field("aggregates", &count).finish()
    }
}
