//! What the index knows of a stream: enough to decide about an append without reading events.

use std::sync::Arc;

use annals_core::{StreamMetadata, Version, rules::StreamHead};

use crate::format::{Damaged, cursor::put_varint, cursor::read_varint};

/// The state of a stream and its metastream.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HeadEntry {
    pub(crate) last: Option<Version>,
    pub(crate) metadata_last: Option<Version>,
    /// Where the last metadata is.
    pub(crate) metadata_position: Option<u64>,
    /// The last metadata, where it is in memory already.
    pub(crate) metadata: Option<Arc<StreamMetadata>>,
    /// Where the event is that closed the stream for good.
    pub(crate) tombstone: Option<u64>,
    /// The position after its newest event; zero where the tree knows it, which is older than
    /// any head.
    pub(crate) end: u64,
}

impl HeadEntry {
    pub(crate) fn to_stream_head(&self) -> StreamHead {
        StreamHead {
            last: self.last,
            metadata_last: self.metadata_last,
            metadata: self.metadata.clone(),
            is_tombstoned: self.tombstone.is_some(),
        }
    }

    /// For the tree. The metadata itself stays in the log.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8);
        // Zero stands for none.
        let mut put = |number: Option<u64>| put_varint(&mut out, number.map_or(0, |n| n + 1));
        put(self.last.map(Version::get));
        put(self.metadata_last.map(Version::get));
        put(self.metadata_position);
        put(self.tombstone);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut rest = bytes;
        let mut take = || {
            let (number, len) = read_varint(rest)?;
            rest = rest.get(len..).unwrap_or_default();
            Ok(number.checked_sub(1))
        };
        Ok(Self {
            last: take()?.map(Version::new),
            metadata_last: take()?.map(Version::new),
            metadata_position: take()?,
            tombstone: take()?,
            metadata: None,
            end: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back() {
        let entry = HeadEntry {
            last: Some(Version::new(0)),
            metadata_last: None,
            metadata_position: Some(300),
            tombstone: None,
            metadata: None,
            end: 0,
        };
        assert_eq!(HeadEntry::decode(&entry.encode()), Ok(entry));
        assert!(HeadEntry::decode(&[0, 0, 0]).is_err());
    }
}
