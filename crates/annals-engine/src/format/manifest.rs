//! The manifest: who the store is, and its sealed segments.

use uuid::Uuid;

use super::{
    Damaged, FORMAT_VERSION,
    segment_header::{NEWER, split},
};

const MAGIC: [u8; 8] = *b"ANNALMAN";
const ENTRY_LEN: usize = 56;

/// Who the store is, and its sealed segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Of two manifests the one with the higher generation holds.
    pub(crate) generation: u64,
    pub(crate) store_id: Uuid,
    /// The seed of the hashes in the index; random, so that nobody can aim for collisions.
    pub(crate) hash_seed: u64,
    /// In order, without gaps between them.
    pub(crate) sealed: Vec<SealedSegment>,
}

/// What is known of a sealed segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SealedSegment {
    pub(crate) number: u32,
    pub(crate) first_position: u64,
    /// The position after its last event.
    pub(crate) end_position: u64,
    /// Its length.
    pub(crate) bytes: u64,
    /// How many streams had been begun at its end, counted from the beginning of the store.
    pub(crate) streams: u64,
    /// The last state revision given up to its end.
    pub(crate) last_revision: u64,
    /// The CRC-32C of the whole file.
    pub(crate) digest: u32,
}

impl Manifest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.sealed.len() * ENTRY_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.generation.to_le_bytes());
        out.extend_from_slice(self.store_id.as_bytes());
        out.extend_from_slice(&self.hash_seed.to_le_bytes());
        out.extend_from_slice(&(self.sealed.len() as u64).to_le_bytes());
        for segment in &self.sealed {
            let numbers = [
                u64::from(segment.number),
                segment.first_position,
                segment.end_position,
                segment.bytes,
                segment.streams,
                segment.last_revision,
                u64::from(segment.digest),
            ];
            for number in numbers {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let (magic, rest) = split::<8>(bytes)?;
        if magic != MAGIC {
            return Err(Damaged("it does not begin like a manifest"));
        }
        let (version, _) = split::<4>(rest)?;
        if u32::from_le_bytes(version) > FORMAT_VERSION {
            return Err(NEWER);
        }
        let (covered, crc) = bytes.split_last_chunk::<4>().ok_or(Damaged("it is too short"))?;
        if *crc != crc32c::crc32c(covered).to_le_bytes() {
            return Err(Damaged("the checksum of the manifest does not match"));
        }
        let (_, rest) = split::<16>(covered)?;
        let (generation, rest) = split::<8>(rest)?;
        let (store_id, rest) = split::<16>(rest)?;
        let (hash_seed, rest) = split::<8>(rest)?;
        let (count, entries) = split::<8>(rest)?;
        if u64::from_le_bytes(count) != (entries.len() / ENTRY_LEN) as u64 {
            return Err(Damaged("the manifest has another number of segments than it says"));
        }
        let sealed = entries.chunks_exact(ENTRY_LEN).map(SealedSegment::decode);
        let sealed: Vec<_> = sealed.collect::<Result<_, _>>()?;
        if !makes_sense(&sealed) {
            return Err(Damaged("the segments of the manifest do not follow each other"));
        }
        Ok(Self {
            generation: u64::from_le_bytes(generation),
            store_id: Uuid::from_bytes(store_id),
            hash_seed: u64::from_le_bytes(hash_seed),
            sealed,
        })
    }

    /// The position after the last sealed event.
    pub(crate) fn end_position(&self) -> u64 {
        self.sealed.last().map_or(0, |segment| segment.end_position)
    }
}

/// Whether segments follow each other from the beginning of the store. A checksum shows accidents;
/// this keeps a manifest that somebody made up from asking for absurd amounts of memory.
fn makes_sense(sealed: &[SealedSegment]) -> bool {
    let mut begins = 0;
    (0..).zip(sealed).all(|(number, segment)| {
        let events = segment.end_position.checked_sub(segment.first_position);
        let follows = segment.number == number && segment.first_position == begins;
        begins = segment.end_position;
        // Offsets have 32 bits, and a stream is begun with an event.
        follows
            && events.is_some_and(|events| events <= u64::from(u32::MAX))
            && segment.streams <= segment.end_position
    })
}

impl SealedSegment {
    fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let (number, rest) = split::<4>(bytes)?;
        let (_, rest) = split::<4>(rest)?;
        let (first_position, rest) = split::<8>(rest)?;
        let (end_position, rest) = split::<8>(rest)?;
        let (len, rest) = split::<8>(rest)?;
        let (streams, rest) = split::<8>(rest)?;
        let (last_revision, rest) = split::<8>(rest)?;
        let (digest, _) = split::<4>(rest)?;
        Ok(Self {
            number: u32::from_le_bytes(number),
            first_position: u64::from_le_bytes(first_position),
            end_position: u64::from_le_bytes(end_position),
            bytes: u64::from_le_bytes(len),
            streams: u64::from_le_bytes(streams),
            last_revision: u64::from_le_bytes(last_revision),
            digest: u32::from_le_bytes(digest),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let segment = |number, first_position| SealedSegment {
            number,
            first_position,
            end_position: first_position + 10,
            bytes: 3,
            streams: 4,
            last_revision: 5,
            digest: 6,
        };
        Manifest {
            generation: 9,
            store_id: Uuid::from_u128(7),
            hash_seed: 8,
            sealed: vec![segment(0, 0), segment(1, 10)],
        }
    }

    #[test]
    fn it_comes_back() {
        assert_eq!(Manifest::decode(&manifest().encode()), Ok(manifest()));
        assert_eq!(manifest().end_position(), 20);
    }

    #[test]
    fn segments_that_do_not_follow_each_other_are_refused() {
        let changes: [fn(&mut SealedSegment); 5] = [
            |segment| segment.number = 2,
            |segment| segment.first_position = 9,
            |segment| segment.end_position = 9,
            |segment| segment.end_position = u64::MAX,
            |segment| segment.streams = 21,
        ];
        for change in changes {
            let mut lying = manifest();
            change(&mut lying.sealed[1]);
            assert!(Manifest::decode(&lying.encode()).is_err(), "{lying:?}");
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = manifest().encode();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Manifest::decode(&bytes).is_err(), "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert!(Manifest::decode(&bytes[..len]).is_err(), "length {len}");
        }
    }
}
