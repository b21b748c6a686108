//! How an engine is opened.

use std::sync::Arc;

use annals_core::{Clock, SystemClock};
use uuid::Uuid;

/// How an engine is opened. The defaults suit production; tests change them.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the recorded times come from.
    pub clock: Arc<dyn Clock>,
    /// Size of the first segment in bytes; each next one is twice as large, up to the largest.
    pub segment_bytes_first: u32,
    /// Size of the largest segments in bytes. A commit that is larger gets a segment of its own.
    pub segment_bytes_max: u32,
    /// How many requests may wait for the committer before callers wait to hand theirs in.
    pub queue_requests_max: usize,
    /// Memory for blocks of the index, in bytes.
    pub index_cache_bytes: u64,
    /// The identity of a new store; random when absent.
    pub store_id: Option<Uuid>,
    /// The seed of the hashes of a new store; random when absent. Anyone who knows it can make
    /// names that collide.
    pub hash_seed: Option<u64>,
    /// What to do with a folder that holds no store.
    pub create: Create,
}

/// What to do with a folder that holds no store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// Begin one, if the folder is empty or missing.
    IfMissing,
    /// Refuse.
    Never,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            segment_bytes_first: 4 * 1024 * 1024,
            segment_bytes_max: 64 * 1024 * 1024,
            queue_requests_max: 4_096,
            index_cache_bytes: 32 * 1024 * 1024,
            store_id: None,
            hash_seed: None,
            create: Create::IfMissing,
        }
    }
}

impl Options {
    /// The size of a segment.
    pub(crate) fn segment_bytes(&self, number: u32) -> u32 {
        let doubled = u64::from(self.segment_bytes_first) << std::cmp::min(number, 31);
        let max = u64::from(self.segment_bytes_max);
        u32::try_from(std::cmp::min(doubled, max)).unwrap_or(self.segment_bytes_max)
    }
}
