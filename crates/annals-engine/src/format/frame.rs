//! Frames: one for each commit, so that a commit is there whole or not at all.
//!
//! A frame is a header of 40 bytes and its records. The header has a checksum of its own and each
//! record has one, so that a single event can be checked without reading the whole frame.
//!
//! A header's checksum also covers where it stands. So the bytes of a frame that turn up anywhere
//! else, for example in the data of an event that is a backup, are not taken for one.

use bytes::Bytes;

use super::{
    Damaged,
    record::RECORD_PREFIX_LEN,
    segment_header::{self, split},
};

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
    /// How many records it has that are not events: keyed state, and where it comes from.
    pub(crate) states: u32,
}

/// Where a frame stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home {
    /// The checksum of its segment's header, which differs for every store and segment.
    pub(crate) segment: u32,
    /// Where in the segment it begins.
    pub(crate) offset: u32,
}

impl Home {
    fn crc(self, covered: &[u8]) -> [u8; 4] {
        let crc = crc32c::crc32c(&self.segment.to_le_bytes());
        let crc = crc32c::crc32c_append(crc, &self.offset.to_le_bytes());
        crc32c::crc32c_append(crc, covered).to_le_bytes()
    }
}

impl FrameHeader {
    pub(crate) fn encode(&self, home: Home) -> [u8; FRAME_HEADER_LEN] {
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
        crc.copy_from_slice(&home.crc(covered));
        out
    }

    /// Reads the header at an offset of a segment.
    pub(crate) fn decode(segment: &[u8], offset: usize) -> Result<Self, Damaged> {
        const OUTSIDE: Damaged = Damaged("a commit was expected beyond the end");
        let (header, _) = split::<FRAME_HEADER_LEN>(segment.get(offset..).ok_or(OUTSIDE)?)?;
        let home = Home {
            segment: segment_header::checksum(segment).ok_or(OUTSIDE)?,
            offset: u32::try_from(offset).map_err(|_| OUTSIDE)?,
        };
        let (magic, rest) = split::<4>(&header)?;
        if magic != MAGIC {
            return Err(Damaged("a commit does not begin where one should"));
        }
        let (crc, rest) = split::<4>(rest)?;
        let (_, covered) = header.split_at(CRC_COVERS_FROM);
        if crc != home.crc(covered) {
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
    /// Reads and checks the frame at an offset of a segment.
    pub(crate) fn decode(segment: &Bytes, offset: usize) -> Result<Self, Damaged> {
        let header = FrameHeader::decode(segment, offset)?;
        let len = header.len as usize;
        if len < FRAME_HEADER_LEN || len > segment.len() - offset {
            return Err(Damaged("a commit reaches beyond the end"));
        }
        let frame = segment.slice(offset..offset + len);
        let count = u64::from(header.events) + u64::from(header.states);
        // No record is shorter than its prefix, so a made-up count cannot ask for much memory.
        let most = (len / RECORD_PREFIX_LEN) as u64;
        if count > most {
            return Err(Damaged("a commit has more records than fit"));
        }
        let mut records = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        let mut at = FRAME_HEADER_LEN;
        while at < len {
            let body = super::record::checked(&frame.slice(at..))?;
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
    use super::{super::segment_header::SEGMENT_HEADER_LEN, *};

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

    const AT: usize = SEGMENT_HEADER_LEN;

    /// A segment whose first frame has this header and nothing else.
    fn segment(header: FrameHeader) -> Vec<u8> {
        let mut bytes = vec![7; SEGMENT_HEADER_LEN];
        let home = Home { segment: u32::from_le_bytes([7; 4]), offset: AT as u32 };
        bytes.extend_from_slice(&header.encode(home));
        bytes
    }

    #[test]
    fn a_header_comes_back() {
        assert_eq!(FrameHeader::decode(&segment(header()), AT), Ok(header()));
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_noticed() {
        for bit in AT * 8..(AT + FRAME_HEADER_LEN) * 8 {
            let mut bytes = segment(header());
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(FrameHeader::decode(&bytes, AT).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_header_is_valid_in_its_own_place_only() {
        let mut elsewhere = segment(header());
        elsewhere.insert(SEGMENT_HEADER_LEN, 0);
        assert!(FrameHeader::decode(&elsewhere, AT + 1).is_err());
        let mut in_another = segment(header());
        in_another[SEGMENT_HEADER_LEN - 1] ^= 1;
        assert!(FrameHeader::decode(&in_another, AT).is_err());
    }

    #[test]
    fn lengths_and_counts_that_lie_are_refused() {
        let check = |header: FrameHeader| Frame::decode(&segment(header).into(), AT);
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
