//! The decoders of the engine, for fuzzers. Not part of the interface: it may change any day.
//!
//! One function for each entry. Each tells whether the bytes were decoded, so that nothing of the
//! work can be optimized away; none may panic, whatever the bytes are.

use bytes::Bytes;

use crate::{
    format::{
        Damaged,
        command::Command,
        frame::{Frame, find_magic},
        manifest::Manifest,
        position_table::PositionTable,
        record::Record,
        segment_header::{SEGMENT_HEADER_LEN, SegmentHeader},
    },
    index::{
        codec::{ListEntry, Mark, StatePlace, decode_block},
        head::HeadEntry,
    },
    log::scan::{self, Frames},
};

/// Every commit of a segment, its records, and what stands behind them.
#[must_use]
pub fn segment(bytes: &[u8]) -> bool {
    let bytes = Bytes::copy_from_slice(bytes);
    let mut frames = Frames::of_segment(bytes.clone());
    let mut are_whole = true;
    while let Some(frame) = frames.next() {
        let Ok((_, frame)) = frame else {
            are_whole = false;
            break;
        };
        are_whole &= has_records(&frame);
    }
    let tail = scan::tail(&bytes, frames.offset());
    are_whole && tail == scan::Tail::Unwritten
}

/// A commit, wherever in a segment one seems to begin.
#[must_use]
pub fn frame(bytes: &[u8]) -> bool {
    let bytes = Bytes::copy_from_slice(bytes);
    let mut frames = find_magic(&bytes, 0).filter_map(|at| Frame::decode(&bytes, at).ok());
    frames.any(|frame| has_records(&frame))
}

fn has_records(frame: &Frame) -> bool {
    frame.records.iter().all(|(_, body)| is_record(body, frame))
}

fn is_record(body: &Bytes, frame: &Frame) -> bool {
    let header = &frame.header;
    match Record::decode(body) {
        Ok(Record::Event(event)) => {
            event.recorded(header.first_position, header.recorded_at).is_ok()
        }
        Ok(Record::State(_) | Record::Origin(_)) => true,
        Err(_) => false,
    }
}

/// The body of a record, as if its checksum had matched.
#[must_use]
pub fn record(bytes: &[u8]) -> bool {
    match Record::decode(&Bytes::copy_from_slice(bytes)) {
        Ok(Record::Event(event)) => event.recorded(u64::MAX, i64::MAX).is_ok(),
        Ok(Record::State(_) | Record::Origin(_)) => true,
        Err(_) => false,
    }
}

/// A command of a replicated log; what it decodes to comes back.
#[must_use]
pub fn command(bytes: &[u8]) -> bool {
    let Ok(command) = Command::decode(&Bytes::copy_from_slice(bytes)) else { return false };
    let mut encoded = Vec::new();
    command.encode(&mut encoded);
    let again = Command::decode(&encoded.into()).map(|again| format!("{again:?}"));
    assert_eq!(again.ok(), Some(format!("{command:?}")), "a command comes back");
    true
}

/// The header of a segment.
#[must_use]
pub fn segment_header(bytes: &[u8]) -> bool {
    bytes.first_chunk::<SEGMENT_HEADER_LEN>().is_some_and(|b| SegmentHeader::decode(b).is_ok())
}

/// A manifest.
#[must_use]
pub fn manifest(bytes: &[u8]) -> bool {
    Manifest::decode(bytes).is_ok_and(|manifest| manifest.end_position() < u64::MAX)
}

/// A position table, of whatever segment it says it belongs to.
#[must_use]
pub fn position_table(bytes: &[u8]) -> bool {
    let digest = number::<4>(bytes, 12).map(u32::from_le_bytes);
    let first = number::<8>(bytes, 16).map(u64::from_le_bytes);
    let (Some(digest), Some(first)) = (digest, first) else { return false };
    let file = Bytes::copy_from_slice(bytes);
    let places = [first, first.wrapping_add(1), 0, u64::MAX];
    PositionTable::decode(&file, first, digest)
        .is_ok_and(|table| places.iter().any(|position| table.offset(*position).is_some()))
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// A list of the index.
#[must_use]
pub fn index_list(bytes: &[u8]) -> bool {
    same_again(bytes, ListEntry::decode, |entry| {
        let mut out = Vec::new();
        entry.encode(&mut out);
        out
    })
}

/// A full block of a list of the index.
#[must_use]
pub fn index_block(bytes: &[u8]) -> bool {
    same_again(bytes, decode_block, |positions| {
        let mut out = Vec::new();
        crate::index::codec::encode_block(positions, &mut out);
        out
    })
}

/// The head of a stream in the index.
#[must_use]
pub fn index_head(bytes: &[u8]) -> bool {
    same_again(bytes, HeadEntry::decode, HeadEntry::encode)
}

/// The mark of the index.
#[must_use]
pub fn index_mark(bytes: &[u8]) -> bool {
    same_again(bytes, Mark::decode, Mark::encode)
}

/// Where a piece of keyed state is.
#[must_use]
pub fn index_state_place(bytes: &[u8]) -> bool {
    same_again(bytes, StatePlace::decode, StatePlace::encode)
}

/// Whether bytes decode. What they decode to must come back from being encoded.
fn same_again<T: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, Damaged>,
    encode: impl Fn(&T) -> Vec<u8>,
) -> bool {
    let Ok(decoded) = decode(bytes) else { return false };
    let again = decode(&encode(&decoded));
    assert_eq!(again.as_ref(), Ok(&decoded), "it does not come back");
    true
}
