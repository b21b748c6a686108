//! The table beside a sealed segment that says where each of its events is.
//!
//! Derived: it can be built again from the segment at any time.

use bytes::Bytes;

use super::{
    Damaged, FORMAT_VERSION,
    segment_header::{NEWER, split},
};

/// Length of what stands in front of the offsets.
pub(crate) const TABLE_HEADER_LEN: usize = 40;
const MAGIC: [u8; 8] = *b"ANNALPOS";
const CRC_AT: usize = 36;
const ENTRY_LEN: usize = 4;

/// Where each event of a sealed segment begins.
#[derive(Debug, Clone)]
pub(crate) struct PositionTable {
    first_position: u64,
    offsets: Bytes,
}

impl PositionTable {
    /// The table's file for a segment with this digest.
    pub(crate) fn encode(first_position: u64, digest: u32, offsets: &[u32]) -> Vec<u8> {
        let mut body = Vec::with_capacity(offsets.len() * ENTRY_LEN);
        for offset in offsets {
            body.extend_from_slice(&offset.to_le_bytes());
        }
        let mut out = Vec::with_capacity(TABLE_HEADER_LEN + body.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&digest.to_le_bytes());
        out.extend_from_slice(&first_position.to_le_bytes());
        out.extend_from_slice(&(offsets.len() as u64).to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out.extend_from_slice(&body);
        out
    }

    /// Checks a table's file against the segment it should belong to.
    pub(crate) fn decode(file: &Bytes, first_position: u64, digest: u32) -> Result<Self, Damaged> {
        let (magic, rest) = split::<8>(file)?;
        let (version, rest) = split::<4>(rest)?;
        let (of_digest, rest) = split::<4>(rest)?;
        let (of_first, rest) = split::<8>(rest)?;
        let (count, rest) = split::<8>(rest)?;
        let (body_crc, rest) = split::<4>(rest)?;
        let (header_crc, body) = split::<4>(rest)?;
        if magic != MAGIC {
            return Err(Damaged("it does not begin like a position table"));
        }
        if u32::from_le_bytes(version) > FORMAT_VERSION {
            return Err(NEWER);
        }
        let header = file.get(..CRC_AT).unwrap_or_default();
        let crcs_match = header_crc == crc32c::crc32c(header).to_le_bytes()
            && body_crc == crc32c::crc32c(body).to_le_bytes();
        if !crcs_match || u64::from_le_bytes(count) != (body.len() / ENTRY_LEN) as u64 {
            return Err(Damaged("the checksum of the position table does not match"));
        }
        let belongs = u64::from_le_bytes(of_first) == first_position
            && u32::from_le_bytes(of_digest) == digest;
        if !belongs {
            return Err(Damaged("the position table belongs to another segment"));
        }
        Ok(Self { first_position, offsets: file.slice(TABLE_HEADER_LEN..) })
    }

    /// Where an event begins, `None` when it is not in the segment.
    pub(crate) fn offset(&self, position: u64) -> Option<u32> {
        let index = usize::try_from(position.checked_sub(self.first_position)?).ok()?;
        let at = index.checked_mul(ENTRY_LEN)?;
        let entry = self.offsets.get(at..)?.first_chunk::<ENTRY_LEN>()?;
        Some(u32::from_le_bytes(*entry)).filter(|offset| *offset != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_and_knows_its_segment() {
        let file = Bytes::from(PositionTable::encode(100, 7, &[64, 0, 200]));
        let table = PositionTable::decode(&file, 100, 7).unwrap();
        let offsets: Vec<_> = (99..104).map(|position| table.offset(position)).collect();
        assert_eq!(offsets, [None, Some(64), None, Some(200), None]);
        assert!(PositionTable::decode(&file, 100, 8).is_err());
        assert!(PositionTable::decode(&file, 101, 7).is_err());
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let file = PositionTable::encode(100, 7, &[64, 96]);
        for bit in 0..file.len() * 8 {
            let mut bytes = file.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(PositionTable::decode(&bytes.into(), 100, 7).is_err(), "bit {bit}");
        }
    }
}
