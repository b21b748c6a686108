//! The data of an event without fields: an empty map, so that fields can be added later.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// Serializes as an empty map.
#[derive(Debug, Clone, Copy)]
pub struct Empty;

impl Serialize for Empty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_map(Some(0))?.end()
    }
}
