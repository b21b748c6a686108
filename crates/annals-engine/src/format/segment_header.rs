//! The first 64 bytes of a segment.

use uuid::Uuid;

use super::{Damaged, FORMAT_VERSION};

/// Length of a segment header.
pub(crate) const SEGMENT_HEADER_LEN: usize = 64;
const MAGIC: [u8; 8] = *b"ANNALSEG";
const CRC_AT: usize = 60;

/// What a segment says of itself, fixed when it is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) store_id: Uuid,
    /// Which segment of the store, from 0.
    pub(crate) number: u32,
    /// The position of its first event.
    pub(crate) first_position: u64,
    /// The last state revision given before it.
    pub(crate) last_revision: u64,
    /// The newest `recorded_at` before it, in microseconds.
    pub(crate) recorded_at: i64,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_LEN] {
        let mut out = Vec::with_capacity(SEGMENT_HEADER_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&(SEGMENT_HEADER_LEN as u32).to_le_bytes());
        out.extend_from_slice(self.store_id.as_bytes());
        out.extend_from_slice(&self.first_position.to_le_bytes());
        out.extend_from_slice(&self.last_revision.to_le_bytes());
        out.extend_from_slice(&self.recorded_at.to_le_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        let mut header = [0; SEGMENT_HEADER_LEN];
        header.copy_from_slice(&out);
        header
    }

    /// The checksum at its end.
    pub(crate) fn checksum(&self) -> u32 {
        checksum(&self.encode()).unwrap_or_default()
    }

    pub(crate) fn decode(bytes: &[u8; SEGMENT_HEADER_LEN]) -> Result<Self, Damaged> {
        let (magic, rest) = split::<8>(bytes)?;
        if magic != MAGIC {
            return Err(Damaged("it does not begin like a segment"));
        }
        let (version, rest) = split::<4>(rest)?;
        if u32::from_le_bytes(version) > FORMAT_VERSION {
            return Err(NEWER);
        }
        let (covered, crc) = bytes.split_at(CRC_AT);
        if crc != crc32c::crc32c(covered).to_le_bytes() {
            return Err(Damaged("the checksum of the segment header does not match"));
        }
        let (_len, rest) = split::<4>(rest)?;
        let (store_id, rest) = split::<16>(rest)?;
        let (first_position, rest) = split::<8>(rest)?;
        let (last_revision, rest) = split::<8>(rest)?;
        let (recorded_at, rest) = split::<8>(rest)?;
        let (number, _crc) = split::<4>(rest)?;
        Ok(Self {
            store_id: Uuid::from_bytes(store_id),
            number: u32::from_le_bytes(number),
            first_position: u64::from_le_bytes(first_position),
            last_revision: u64::from_le_bytes(last_revision),
            recorded_at: i64::from_le_bytes(recorded_at),
        })
    }
}

/// The checksum in the header at the beginning of a segment, unchecked.
pub(crate) fn checksum(segment: &[u8]) -> Option<u32> {
    let crc = segment.get(CRC_AT..SEGMENT_HEADER_LEN)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*crc))
}

/// The answer to a file written by a later version of Annals.
pub(crate) const NEWER: Damaged = Damaged("it was written by a newer version of Annals");

/// Takes the first `N` bytes off.
pub(crate) fn split<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), Damaged> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(Damaged("it is too short"))?;
    Ok((*head, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            store_id: Uuid::from_u128(7),
            number: 4,
            first_position: 1,
            last_revision: 2,
            recorded_at: -3,
        }
    }

    #[test]
    fn it_comes_back() {
        assert_eq!(SegmentHeader::decode(&header().encode()), Ok(header()));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for bit in 0..SEGMENT_HEADER_LEN * 8 {
            let mut bytes = header().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(SegmentHeader::decode(&bytes).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_newer_format_is_named_as_such() {
        let mut bytes = header().encode();
        bytes[8] = 99;
        assert_eq!(SegmentHeader::decode(&bytes), Err(NEWER));
    }
}
