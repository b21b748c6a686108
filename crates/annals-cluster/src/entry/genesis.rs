//! The first entry of a log: what all nodes' stores have in common.

use annals_core::{Error, ErrorKind, Result};
use annals_engine::Options;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

use super::{Header, Kind, ProposalId, RULES};

/// What all nodes' stores have in common, so that the same entries give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The identity of the store.
    #[serde(serialize_with = "put_uuid", deserialize_with = "read_uuid")]
    pub store_id: Uuid,
    /// The seed of the hashes in its index.
    pub hash_seed: u64,
    /// Sizes of its segments in bytes, as in [`Options`].
    pub segment_bytes_first: u32,
    /// See above.
    pub segment_bytes_max: u32,
}

impl Genesis {
    /// That of a new store.
    #[must_use]
    pub fn new() -> Self {
        let usual = Options::default();
        let (_, hash_seed) = Uuid::new_v4().as_u64_pair();
        Self {
            store_id: Uuid::now_v7(),
            hash_seed,
            segment_bytes_first: usual.segment_bytes_first,
            segment_bytes_max: usual.segment_bytes_max,
        }
    }

    /// How a node's engine is opened.
    #[must_use]
    pub fn options(&self) -> Options {
        Options {
            store_id: Some(self.store_id),
            hash_seed: Some(self.hash_seed),
            segment_bytes_first: self.segment_bytes_first,
            segment_bytes_max: self.segment_bytes_max,
            ..Options::default()
        }
    }

    /// The message that says so.
    ///
    /// # Errors
    /// None that can happen.
    pub(crate) fn message(&self) -> Result<Bytes> {
        let body = serde_json::to_vec(self).map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot write the first entry").caused_by(error)
        })?;
        let header = Header {
            rules: RULES,
            kind: Kind::Genesis,
            part: 0,
            parts: 1,
            node: 0,
            proposal: ProposalId { session: 0, number: 0 },
            base: 0,
            claim: None,
            time: None,
        };
        Ok(header.encode(&body))
    }

    /// Reads the body of such a message.
    ///
    /// # Errors
    /// `Corrupted`.
    pub(crate) fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body).map_err(|error| {
            let message = "the first entry of the log does not say what a store needs";
            Error::new(ErrorKind::Corrupted, message).caused_by(error)
        })
    }
}

impl Default for Genesis {
    fn default() -> Self {
        Self::new()
    }
}

fn put_uuid<S: Serializer>(uuid: &Uuid, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(uuid)
}

fn read_uuid<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Message;

    #[test]
    fn it_comes_back() {
        let genesis = Genesis::new();
        let message = Message::decode(1, &genesis.message().unwrap()).unwrap();
        assert_eq!(message.header.kind, Kind::Genesis);
        assert_eq!(Genesis::read(&message.body).unwrap(), genesis);
        assert!(Genesis::read(b"{}").is_err());
    }
}
