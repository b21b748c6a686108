//! What is known about a store as a whole.

use crate::Position;

/// The size and state of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreInfo {
    /// The backend's word for itself: `memory`, `embedded`, …
    pub backend: &'static str,
    /// Names this store and no other, where it has an identity.
    pub store_id: Option<String>,
    /// How many events were ever appended.
    pub events: u64,
    /// How many streams were ever begun, metastreams included.
    pub streams: u64,
    /// The position of the newest event.
    pub head: Option<Position>,
    /// The revision of the newest write of keyed state, zero before the first.
    pub revision: u64,
    /// Bytes on disk, where there is one.
    pub bytes: Option<u64>,
    /// Files of the log, where there is one.
    pub segments: Option<u64>,
}
