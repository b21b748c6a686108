//! Walking the frames of a segment, and telling a torn tail from damage.

use bytes::Bytes;

use crate::format::{
    Damaged,
    frame::{Frame, FrameHeader, find_magic},
    segment_header::SEGMENT_HEADER_LEN,
};

/// The frames of a segment from its first on. Ends at the end of the bytes, at the first byte
/// that begins no valid frame, or after an error.
#[derive(Debug)]
pub(crate) struct Frames {
    bytes: Bytes,
    at: usize,
}

impl Frames {
    /// The frames of a whole segment's bytes.
    pub(crate) const fn of_segment(bytes: Bytes) -> Self {
        Self { bytes, at: SEGMENT_HEADER_LEN }
    }

    /// Where the next frame begins.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    /// The next frame and where it begins; `None` at the end of the bytes.
    pub(crate) fn next(&mut self) -> Option<Result<(usize, Frame), Damaged>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let offset = self.at;
        let frame = Frame::decode(&self.bytes, offset);
        Some(frame.map(|frame| {
            self.at = offset + frame.header.len as usize;
            (offset, frame)
        }))
    }
}

/// What stands where no valid frame begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Only zeros: space that was never written.
    Unwritten,
    /// Something that was being written when the process or the machine stopped. It was never
    /// acknowledged. `end` is where the last of it stands.
    Torn { end: usize },
    /// Something that was durable once: a later frame says so.
    Damaged,
}

/// Tells what stands from `at` on, where no valid frame begins.
///
/// A crash may keep any part of what was written since the last sync, in any order; so valid
/// frames behind a broken one alone prove nothing. Each frame says up to where the segment was
/// durable when the frame was written. Only one that vouches for a place behind `at` proves damage.
pub(crate) fn tail(bytes: &Bytes, at: usize) -> Tail {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(end) = written(rest) else { return Tail::Unwritten };
    let vouched = find_magic(bytes, at).any(|offset| {
        FrameHeader::decode(bytes, offset).is_ok_and(|header| header.durable as usize > at)
            && Frame::decode(bytes, offset).is_ok()
    });
    if vouched { Tail::Damaged } else { Tail::Torn { end: at + end } }
}

/// How many bytes there are up to the last that is not zero; `None` when all are.
///
/// A new segment is megabytes of zeros, so they are compared by the page.
fn written(bytes: &[u8]) -> Option<usize> {
    const PAGE: usize = 4_096;
    static ZEROS: [u8; PAGE] = [0; PAGE];
    let mut end = bytes.len();
    for page in bytes.rchunks(PAGE) {
        if Some(page) != ZEROS.get(..page.len()) {
            let last = page.iter().rposition(|byte| *byte != 0)?;
            return Some(end - page.len() + last + 1);
        }
        end -= page.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::frame::Home;

    /// What stands at the next offset of a segment.
    enum Part {
        /// A frame that knows this much to be durable.
        Frame(u32),
        /// The same with a flipped bit.
        Broken(u32),
        Zeros(usize),
    }
    use Part::{Broken, Frame, Zeros};

    fn check(parts: &[Part]) -> (usize, Tail) {
        let mut bytes = vec![0; SEGMENT_HEADER_LEN];
        for part in parts {
            let (Frame(durable) | Broken(durable)) = *part else { continue };
            let home = Home { segment: 0, offset: bytes.len() as u32 };
            let (first_position, recorded_at, events, states) = (0, -1, 0, 0);
            let header =
                FrameHeader { len: 40, durable, first_position, recorded_at, events, states };
            bytes.extend(header.encode(home));
            if matches!(part, Broken(_)) {
                let last = bytes.len() - 20;
                bytes[last] ^= 1;
            }
        }
        let zeros = parts.iter().map(|part| if let Zeros(len) = part { *len } else { 0 });
        bytes.resize(bytes.len() + zeros.sum::<usize>(), 0);
        let bytes = Bytes::from(bytes);
        let mut frames = Frames::of_segment(bytes.clone());
        let mut count = 0;
        while let Some(Ok(_)) = frames.next() {
            count += 1;
        }
        (count, tail(&bytes, frames.offset()))
    }

    #[test]
    fn zeros_are_the_end() {
        assert_eq!(check(&[Frame(64), Zeros(500)]), (1, Tail::Unwritten));
        assert_eq!(check(&[]), (0, Tail::Unwritten));
    }

    #[test]
    fn the_last_written_byte_is_found_across_pages() {
        let mut bytes = vec![0; 10_000];
        assert_eq!(written(&bytes), None);
        for at in [0, 1_807, 1_808, 5_903, 5_904, 9_999] {
            bytes[at] = 1;
            assert_eq!(written(&bytes), Some(at + 1));
        }
    }

    #[test]
    fn a_broken_frame_at_the_end_was_torn() {
        let parts = [Frame(64), Broken(104), Zeros(9)];
        assert_eq!(check(&parts), (1, Tail::Torn { end: 104 + 32 }));
    }

    #[test]
    fn a_broken_frame_before_frames_of_the_same_sync_was_torn() {
        let parts = [Broken(64), Frame(64), Frame(64)];
        assert_eq!(check(&parts), (0, Tail::Torn { end: 144 + 32 }));
    }

    #[test]
    fn a_broken_frame_that_was_durable_is_damage() {
        assert_eq!(check(&[Broken(64), Frame(104)]), (0, Tail::Damaged));
    }
}
