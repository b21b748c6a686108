//! Frames: one for each commit, so that a commit is there whole or not at all.
//!
//! A frame is a header of 40 bytes and its records. The header has a checksum of its own and each
//! record has one, so that a single event can be checked without reading the whole frame.

use bytes::Bytes;

use super::{Damaged, record::RECORD_PREFIX_LEN, segment_header::split};

/// Length of a frame header.
pub(crate) const FRAME_HEADER_LEN: usize = 40;
const MAGIC: [u8; 4] = *b"ANF1";
const CRC_COVERS_FROM: usize = 8;

/// What stands in front of a commit's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// Length of the whole frame, header included.
    pub(crate) len: u32,
    /// Up to which offset the segment was known durable when this frame was written. A valid
    /// frame that vouches for the place of a damaged one proves that the damage came later than
    /// the acknowledgement; otherwise it is a write torn by a crash.
    pub(crate) durable: u32,
    /// The position of its first event, or of the next event where it has none.
    pub(crate) first_position: u64,
    /// When the store took it, in microseconds.
    pub(crate) recorded_at: i64,
    /// How many events it has.
    pub(crate) events: u32,
    /// How many records of keyed state it has.
    pub(crate) states: u32,
}

impl FrameHeader {
    pub(crate) fn encode(&self) -> [u8; FRAME_HEADER_LEN] {
        let mut out = [0; FRAME_HEADER_LEN];
        let (magic, rest) = out.split_at_mut(4);
        magic.copy_from_slice(&MAGIC);
        let (crc, covered) = rest.split_at_mut(4);
        let fields: [&[u8]; 6] = [
            &self.len.to_le_bytes(),
            &self.durable.to_le_bytes(),
            &self.first_position.to_le_bytes(),
            &self.recorded_at.to_le_bytes(),
            &self.events.to_le_bytes(),
            &self.states.to_le_bytes(),
        ];
        let mut left = &mut *covered;
        for field in fields {
            let (place, rest) = left.split_at_mut(field.len());
            place.copy_from_slice(field);
            left = rest;
        }
        crc.copy_from_slice(&crc32c::crc32c(covered).to_le_bytes());
        out
    }

    /// Reads a header from the beginning of bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let (header, _) = split::<FRAME_HEADER_LEN>(bytes)?;
        let (magic, rest) = split::<4>(&header)?;
        if magic != MAGIC {
            return Err(Damaged("a commit does not begin where one should"));
        }
        let (crc, rest) = split::<4>(rest)?;
        let (_, covered) = header.split_at(CRC_COVERS_FROM);
        if crc != crc32c::crc32c(covered).to_le_bytes() {
            return Err(Damaged("the checksum of a commit's header does not match"));
        }
        let (len, rest) = split::<4>(rest)?;
        let (durable, rest) = split::<4>(rest)?;
        let (first_position, rest) = split::<8>(rest)?;
        let (recorded_at, rest) = split::<8>(rest)?;
        let (events, rest) = split::<4>(rest)?;
        let (states, _) = split::<4>(rest)?;
        Ok(Self {
            len: u32::from_le_bytes(len),
            durable: u32::from_le_bytes(durable),
            first_position: u64::from_le_bytes(first_position),
            recorded_at: i64::from_le_bytes(recorded_at),
            events: u32::from_le_bytes(events),
            states: u32::from_le_bytes(states),
        })
    }
}

/// A whole frame whose checksums have all been checked.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) header: FrameHeader,
    /// Where each record begins in the frame, and its bytes without the prefix.
    pub(crate) records: Vec<(u32, Bytes)>,
}

impl Frame {
    /// Reads and checks the frame at the beginning of bytes.
    pub(crate) fn decode(bytes: &Bytes) -> Result<Self, Damaged> {
        let header = FrameHeader::decode(bytes)?;
        let len = header.len as usize;
        if len < FRAME_HEADER_LEN || len > bytes.len() {
            return Err(Damaged("a commit reaches beyond the end"));
        }
        let count = u64::from(header.events) + u64::from(header.states);
        // No record is shorter than its prefix, so a made-up count cannot ask for much memory.
        let most = (len / RECORD_PREFIX_LEN) as u64;
        if count > most {
            return Err(Damaged("a commit has more records than fit"));
        }
        let mut records = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        let mut at = FRAME_HEADER_LEN;
        while at < len {
            let body = super::record::checked(&bytes.slice(at..len))?;
            let end = at + RECORD_PREFIX_LEN + body.len();
            records.push((at as u32, body));
            at = end;
        }
        if records.len() as u64 != count {
            return Err(Damaged("a commit has another number of records than it says"));
        }
        Ok(Self { header, records })
    }
}

/// The places where a frame header may begin, from `from` on.
pub(crate) fn find_magic(bytes: &[u8], from: usize) -> impl Iterator<Item = usize> {
    let candidates = bytes.get(from..).unwrap_or_default().windows(MAGIC.len()).enumerate();
    candidates.filter(|(_, window)| *window == MAGIC).map(move |(index, _)| from + index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> FrameHeader {
        FrameHeader {
            len: 40,
            durable: 2,
            first_position: 3,
            recorded_at: -4,
            events: 0,
            states: 0,
        }
    }

    #[test]
    fn a_header_comes_back() {
        assert_eq!(FrameHeader::decode(&header().encode()), Ok(header()));
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_noticed() {
        for bit in 0..FRAME_HEADER_LEN * 8 {
            let mut bytes = header().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(FrameHeader::decode(&bytes).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn lengths_and_counts_that_lie_are_refused() {
        let check = |header: FrameHeader| Frame::decode(&Bytes::copy_from_slice(&header.encode()));
        assert!(check(header()).is_ok());
        assert!(check(FrameHeader { len: 41, ..header() }).is_err());
        assert!(check(FrameHeader { len: 39, ..header() }).is_err());
        assert!(check(FrameHeader { events: 1, ..header() }).is_err());
        assert!(check(FrameHeader { states: u32::MAX, ..header() }).is_err());
    }

    #[test]
    fn magic_is_found_at_any_offset() {
        let mut bytes = vec![0; 100];
        bytes[33..37].copy_from_slice(&MAGIC);
        assert_eq!(find_magic(&bytes, 0).collect::<Vec<_>>(), [33]);
        assert_eq!(find_magic(&bytes, 34).count(), 0);
    }
}
