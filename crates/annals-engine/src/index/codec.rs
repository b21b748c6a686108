//! Keys and values of the index's tree.
//!
//! | Key | Value |
//! | --- | --- |
//! | `00` | the mark: up to which position the tree covers the log, and of which log |
//! | `H` term(16, big endian) | the head of a stream |
//! | `K` kind(1) name | where a piece of keyed state is |
//! | `P` term(16, big endian) first(8, big endian) | a chunk of a list |
//!
//! `first` of a chunk is the version of its first event for streams and the position of its first
//! event for all other terms. A chunk of a stream holds its first position and the distances from
//! each to the next, as varints; other chunks hold only the distances.

use annals_core::StateKey;
use uuid::Uuid;

use super::term::Term;
use crate::format::{
    Damaged,
    cursor::{put_varint, read_varint},
    record::state_kind_code,
    segment_header::split,
};

/// The key of the mark.
pub(crate) const MARK_KEY: [u8; 1] = [0];
/// Most entries in one chunk: few enough to decode in a microsecond or two.
pub(crate) const CHUNK_ENTRIES: usize = 1_024;

const HEAD: u8 = b'H';
const STATE: u8 = b'K';
const LIST: u8 = b'P';

/// Length of the key of a chunk.
pub(crate) const LIST_KEY_LEN: usize = 25;

/// How a list's chunks are keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// By the version of their first event: streams.
    ByVersion,
    /// By the position of their first event: everything else.
    ByPosition,
}

pub(crate) fn head_key(stream: Term) -> [u8; 17] {
    let mut key = [HEAD; 17];
    let (_, term) = key.split_at_mut(1);
    term.copy_from_slice(&stream.0.to_be_bytes());
    key
}

pub(crate) fn list_key(term: Term, first: u64) -> [u8; LIST_KEY_LEN] {
    let mut key = [LIST; LIST_KEY_LEN];
    let (_, rest) = key.split_at_mut(1);
    let (of_term, of_first) = rest.split_at_mut(16);
    of_term.copy_from_slice(&term.0.to_be_bytes());
    of_first.copy_from_slice(&first.to_be_bytes());
    key
}

/// The `first` in the key of a chunk.
pub(crate) fn list_key_first(key: &[u8]) -> Result<u64, Damaged> {
    let first = key.last_chunk::<8>().filter(|_| key.len() == LIST_KEY_LEN);
    first.map(|first| u64::from_be_bytes(*first)).ok_or(Damaged("a key of the index is too short"))
}

pub(crate) fn state_key(key: &StateKey) -> Vec<u8> {
    state_prefix(state_kind_code(key.kind), key.name.as_str())
}

pub(crate) fn state_prefix(kind: u8, prefix: &str) -> Vec<u8> {
    let mut out = vec![STATE, kind];
    out.extend_from_slice(prefix.as_bytes());
    out
}

/// The name in the key of a piece of state.
pub(crate) fn state_key_name(key: &[u8]) -> &[u8] {
    key.get(2..).unwrap_or_default()
}

/// Writes a chunk of ascending positions.
pub(crate) fn encode_chunk(kind: ListKind, positions: &[u64], out: &mut Vec<u8>) {
    out.clear();
    let Some((first, rest)) = positions.split_first() else { return };
    if kind == ListKind::ByVersion {
        put_varint(out, *first);
    }
    let mut before = *first;
    for position in rest {
        put_varint(out, position - before);
        before = *position;
    }
}

/// Reads a chunk whose key ends in `first`.
pub(crate) fn decode_chunk(kind: ListKind, first: u64, value: &[u8]) -> Result<Vec<u64>, Damaged> {
    let mut rest = value;
    let mut take = || {
        let (number, len) = read_varint(rest)?;
        rest = rest.get(len..).unwrap_or_default();
        Ok::<_, Damaged>((number, rest.is_empty()))
    };
    let (mut position, mut is_end) = match kind {
        ListKind::ByVersion => take()?,
        ListKind::ByPosition => (first, value.is_empty()),
    };
    let mut positions = Vec::with_capacity(std::cmp::min(value.len() + 1, CHUNK_ENTRIES));
    positions.push(position);
    while !is_end {
        let (distance, ends) = take()?;
        is_end = ends;
        position = position.checked_add(distance).ok_or(Damaged("a position is too large"))?;
        positions.push(position);
    }
    Ok(positions)
}

/// Up to where the tree covers the log, and of which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) store_id: Uuid,
    /// The position after the last indexed event.
    pub(crate) covered: u64,
    /// The digest of the last indexed segment, so that a log that went another way is noticed.
    pub(crate) digest: u32,
}

impl Mark {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = self.store_id.as_bytes().to_vec();
        out.extend_from_slice(&self.covered.to_le_bytes());
        out.extend_from_slice(&self.digest.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let (store_id, rest) = split::<16>(bytes)?;
        let (covered, rest) = split::<8>(rest)?;
        let (digest, _) = split::<4>(rest)?;
        Ok(Self {
            store_id: Uuid::from_bytes(store_id),
            covered: u64::from_le_bytes(covered),
            digest: u32::from_le_bytes(digest),
        })
    }
}

/// Where a piece of state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatePlace {
    pub(crate) revision: u64,
    /// The number of its segment.
    pub(crate) segment: u32,
    pub(crate) offset: u32,
}

impl StatePlace {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(12);
        put_varint(&mut out, self.revision);
        put_varint(&mut out, u64::from(self.segment));
        put_varint(&mut out, u64::from(self.offset));
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut rest = bytes;
        let mut take = || {
            let (number, len) = read_varint(rest)?;
            rest = rest.get(len..).unwrap_or_default();
            Ok::<_, Damaged>(number)
        };
        let revision = take()?;
        let mut take_u32 = || u32::try_from(take()?).map_err(|_| Damaged("a place is too large"));
        let (segment, offset) = (take_u32()?, take_u32()?);
        Ok(Self { revision, segment, offset })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn chunks_come_back(start in 0..1_u64 << 40, steps in prop::collection::vec(1..1_u64 << 20, 0..50)) {
            let mut positions = vec![start];
            for step in steps {
                positions.push(positions[positions.len() - 1] + step);
            }
            for kind in [ListKind::ByVersion, ListKind::ByPosition] {
                let mut value = Vec::new();
                encode_chunk(kind, &positions, &mut value);
                prop_assert_eq!(decode_chunk(kind, start, &value), Ok(positions.clone()));
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, first: u64) {
            for kind in [ListKind::ByVersion, ListKind::ByPosition] {
                let most = bytes.len() + 1;
                prop_assert!(decode_chunk(kind, first, &bytes).map_or(true, |p| p.len() <= most));
            }
        }
    }

    #[test]
    fn keys_sort_by_term_and_then_by_first() {
        let key = |term, first| list_key(Term(term), first);
        assert!(key(1, u64::MAX) < key(2, 0));
        assert!(key(2, 1) < key(2, 256));
        assert_eq!(list_key_first(&key(2, 77)), Ok(77));
    }

    #[test]
    fn marks_and_places_come_back() {
        let mark = Mark { store_id: Uuid::from_u128(3), covered: 4, digest: 5 };
        assert_eq!(Mark::decode(&mark.encode()), Ok(mark));
        let place = StatePlace { revision: 1, segment: 2, offset: 3 };
        assert_eq!(StatePlace::decode(&place.encode()), Ok(place));
    }
}
