//! Terms: what events can be found by, as hashes of 128 bits.

use std::hash::{BuildHasherDefault, Hash, Hasher};

use annals_core::{EventId, StreamName};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// A hashed term. Two names share one with a chance of about 2^-128 for each pair; whoever reads
/// events by it compares the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term(pub(crate) u128);

/// What kind of name a term is made of. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TermKind {
    /// A stream; listed by version.
    Stream = 1,
    Category = 2,
    EventType = 3,
    Tag = 4,
    Correlation = 5,
    /// The first events of all streams; has one list, of the empty name.
    Begun = 6,
    /// The event that tombstones a stream, which has no place among the stream's versions.
    Tombstone = 7,
}

/// Makes terms, with the store's own seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    seed: u64,
}

impl Terms {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    pub(crate) fn term(&self, kind: TermKind, name: &str) -> Term {
        let seed = self.seed.wrapping_add(kind as u64);
        Term(xxh3_128_with_seed(name.as_bytes(), seed))
    }

    pub(crate) fn stream(&self, stream: &StreamName) -> Term {
        self.term(TermKind::Stream, stream.as_str())
    }

    /// The term of the stream that a stream's settings belong to: itself, or for a metastream the
    /// stream it speaks of.
    pub(crate) fn base(&self, stream: &StreamName) -> Term {
        stream.metastream_of().map_or_else(|| self.stream(stream), |base| self.stream(&base))
    }

    pub(crate) fn begun(&self) -> Term {
        self.term(TermKind::Begun, "")
    }

    /// An event id within a stream, for recognising retries.
    pub(crate) fn retry(&self, stream: Term, id: EventId) -> Term {
        let mut bytes = [0; 32];
        let (left, right) = bytes.split_at_mut(16);
        left.copy_from_slice(&stream.0.to_le_bytes());
        right.copy_from_slice(&id.to_bytes());
        Term(xxh3_128_with_seed(&bytes, self.seed))
    }
}

impl Hash for Term {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Half of a good hash is a good hash.
        state.write_u64(self.0 as u64);
    }
}

/// Maps by term need no second hashing.
pub(crate) type TermMap<V> = hashbrown::HashMap<Term, V, BuildHasherDefault<AlreadyHashed>>;

/// Passes a hash through.
#[derive(Debug, Default)]
pub(crate) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_seeds_keep_equal_names_apart() {
        let terms = Terms::new(1);
        let stream = terms.term(TermKind::Stream, "a");
        assert_ne!(stream, terms.term(TermKind::Tag, "a"));
        assert_ne!(stream, Terms::new(99).term(TermKind::Stream, "a"));
    }

    #[test]
    fn the_base_of_a_metastream_is_its_stream() {
        let terms = Terms::new(1);
        let name = |text: &'static str| StreamName::new(text).unwrap();
        assert_eq!(terms.base(&name("$$a")), terms.stream(&name("a")));
        assert_eq!(terms.base(&name("a")), terms.stream(&name("a")));
    }

    /// The hash is part of the format: a store's index must mean the same tomorrow.
    #[test]
    fn hashes_are_frozen() {
        let term = Terms::new(7).term(TermKind::Stream, "account-1");
        assert_eq!(format!("{:032x}", term.0), "69a897052b111c5483899b886586e818");
    }
}
