//! Keys and values of the index's tree.
//!
//! | Key | Value |
//! | --- | --- |
//! | `00` | the mark: up to which position the tree covers the log, of which log, and how it hashes |
//! | `H` term(16) | the head of a stream |
//! | `K` kind(1) name | where a piece of keyed state is |
//! | `P` term(16) | a list: how many entries, and the last of them |
//! | `P` term(16) block(4) | a full block of a list |
//!
//! Terms and block numbers are big endian. The entries of a list are positions, ascending. Entry
//! number *n* stands in block *n* / 256 or, if no such block is full yet, in the list's own value;
//! so for a stream any version is found with one or two point lookups, which Bloom filters serve.
//! (A key for each chunk and a range scan instead cost 20 to 50 microseconds, measured.)

use annals_core::StateKey;
use uuid::Uuid;

use super::term::Term;
use crate::format::{
    Damaged,
    cursor::{put_varint, read_varint},
    manifest::{Manifest, SealedSegment},
    record::state_kind_code,
    segment_header::split,
};

/// The key of the mark.
pub(crate) const MARK_KEY: [u8; 1] = [0];
/// Entries in a full block, and the most in a list's own value.
pub(crate) const BLOCK_ENTRIES: usize = 256;

const HEAD: u8 = b'H';
const STATE: u8 = b'K';
const LIST: u8 = b'P';

pub(crate) fn head_key(stream: Term) -> [u8; 17] {
    let mut key = [HEAD; 17];
    let (_, term) = key.split_at_mut(1);
    term.copy_from_slice(&stream.0.to_be_bytes());
    key
}

/// The key of a list.
pub(crate) fn list_key(term: Term) -> [u8; 17] {
    let mut key = [LIST; 17];
    let (_, of_term) = key.split_at_mut(1);
    of_term.copy_from_slice(&term.0.to_be_bytes());
    key
}

/// The key of a full block. Sorts right behind the key of its list.
pub(crate) fn block_key(term: Term, block: u32) -> [u8; 21] {
    let mut key = [0; 21];
    let (list, number) = key.split_at_mut(17);
    list.copy_from_slice(&list_key(term));
    number.copy_from_slice(&block.to_be_bytes());
    key
}

/// Whether a key is the key of a list.
pub(crate) fn is_list_key(key: &[u8]) -> bool {
    key.len() == 17 && key.first() == Some(&LIST)
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

/// A list's own value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ListEntry {
    /// How many entries the list has.
    pub(crate) count: u64,
    /// The last of them, at least one; those before are in full blocks.
    pub(crate) tail: Vec<u64>,
}

impl ListEntry {
    /// How many full blocks stand before the tail.
    pub(crate) fn blocks(&self) -> u32 {
        let before = self.count.saturating_sub(self.tail.len() as u64);
        u32::try_from(before / BLOCK_ENTRIES as u64).unwrap_or(u32::MAX)
    }

    /// The number of the tail's first entry.
    pub(crate) const fn tail_first(&self) -> u64 {
        self.count.saturating_sub(self.tail.len() as u64)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.clear();
        put_varint(out, self.count);
        put_positions(out, &self.tail);
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Damaged> {
        let (count, len) = read_varint(value)?;
        let tail = decode_block(value.get(len..).unwrap_or_default())?;
        let before = count.checked_sub(tail.len() as u64);
        let is_whole = before.is_some_and(|before| before.is_multiple_of(BLOCK_ENTRIES as u64));
        if tail.len() > BLOCK_ENTRIES || !is_whole {
            return Err(Damaged("a list has another number of entries than it says"));
        }
        Ok(Self { count, tail })
    }
}

/// Writes a full block.
pub(crate) fn encode_block(positions: &[u64], out: &mut Vec<u8>) {
    out.clear();
    put_positions(out, positions);
}

/// The first position, and the distance from each to the next.
fn put_positions(out: &mut Vec<u8>, positions: &[u64]) {
    let mut before = 0;
    for position in positions {
        put_varint(out, position - before);
        before = *position;
    }
}

/// Reads ascending positions.
pub(crate) fn decode_block(value: &[u8]) -> Result<Vec<u64>, Damaged> {
    let mut rest = value;
    let mut position = 0_u64;
    let mut positions = Vec::with_capacity(std::cmp::min(value.len(), BLOCK_ENTRIES));
    while !rest.is_empty() {
        let (distance, len) = read_varint(rest)?;
        rest = rest.get(len..).unwrap_or_default();
        position = position.checked_add(distance).ok_or(Damaged("a position is too large"))?;
        positions.push(position);
    }
    if positions.is_empty() {
        return Err(Damaged("a list of the index is empty"));
    }
    Ok(positions)
}

/// Up to where the tree covers the log, and of which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) store_id: Uuid,
    /// The seed of its hashes: after the loss of both manifests the store gets a new one.
    pub(crate) hash_seed: u64,
    /// The position after the last indexed event.
    pub(crate) covered: u64,
    /// The digest of the last indexed segment, so that a log that went another way is noticed.
    pub(crate) digest: u32,
}

impl Mark {
    /// The mark of a tree that covers a store up to and including one of its sealed segments.
    pub(crate) const fn at(manifest: &Manifest, last: &SealedSegment) -> Self {
        Self {
            store_id: manifest.store_id,
            hash_seed: manifest.hash_seed,
            covered: last.end_position,
            digest: last.digest,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = self.store_id.as_bytes().to_vec();
        out.extend_from_slice(&self.hash_seed.to_le_bytes());
        out.extend_from_slice(&self.covered.to_le_bytes());
        out.extend_from_slice(&self.digest.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let (store_id, rest) = split::<16>(bytes)?;
        let (hash_seed, rest) = split::<8>(rest)?;
        let (covered, rest) = split::<8>(rest)?;
        let (digest, _) = split::<4>(rest)?;
        Ok(Self {
            store_id: Uuid::from_bytes(store_id),
            hash_seed: u64::from_le_bytes(hash_seed),
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
        fn lists_come_back(start in 0..1_u64 << 40, steps in prop::collection::vec(1..1_u64 << 20, 0..50), blocks in 0..9_u64) {
            let mut tail = vec![start];
            for step in steps {
                tail.push(tail[tail.len() - 1] + step);
            }
            let count = blocks * BLOCK_ENTRIES as u64 + tail.len() as u64;
            let entry = ListEntry { count, tail };
            let mut value = Vec::new();
            entry.encode(&mut value);
            prop_assert_eq!(ListEntry::decode(&value), Ok(entry.clone()));
            prop_assert_eq!(u64::from(entry.blocks()), blocks);
            encode_block(&entry.tail, &mut value);
            prop_assert_eq!(decode_block(&value), Ok(entry.tail));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(decode_block(&bytes).map_or(true, |p| p.len() <= bytes.len()));
            prop_assert!(ListEntry::decode(&bytes).map_or(true, |e| e.tail.len() <= bytes.len()));
        }
    }

    #[test]
    fn a_lists_blocks_sort_right_behind_it() {
        let (list, next) = (list_key(Term(1)), list_key(Term(2)));
        assert!(list[..] < block_key(Term(1), 0)[..]);
        assert!(block_key(Term(1), 255) < block_key(Term(1), 256));
        assert!(block_key(Term(1), u32::MAX)[..] < next[..]);
        assert!(is_list_key(&list) && !is_list_key(&block_key(Term(1), 0)));
    }

    #[test]
    fn marks_and_places_come_back() {
        let mark = Mark { store_id: Uuid::from_u128(3), hash_seed: 6, covered: 4, digest: 5 };
        assert_eq!(Mark::decode(&mark.encode()), Ok(mark));
        let place = StatePlace { revision: 1, segment: 2, offset: 3 };
        assert_eq!(StatePlace::decode(&place.encode()), Ok(place));
    }
}
