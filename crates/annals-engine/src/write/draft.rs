//! One frame being built: records in the buffer and their entries in the index.

use annals_core::{
    Name, NewEvent, Position, StateKey, StreamMetadata, StreamName, Timestamp, Version,
};
use parking_lot::RwLockWriteGuard;
use std::sync::Arc;

use super::{retry_window::RetryWindow, unpublished::Unpublished};
use crate::{
    format::{
        frame::{FRAME_HEADER_LEN, FrameHeader, Home},
        record::{self, Origin, Place, RECORD_PREFIX_LEN},
    },
    index::{
        head::HeadEntry,
        memory::{EventPlace, Indexed, MemoryIndex, StateSlot},
        term::{Term, TermKind, Terms},
    },
};

/// A frame being built. What it adds to the index stands above the published head, where no reader
/// looks, until the group is durable.
pub(crate) struct Draft<'a> {
    pub(crate) buffer: &'a mut Vec<u8>,
    pub(crate) index: RwLockWriteGuard<'a, MemoryIndex>,
    pub(crate) window: RwLockWriteGuard<'a, RetryWindow>,
    pub(crate) unpublished: &'a mut Unpublished,
    pub(crate) terms: Terms,
    /// The header so far; it counts.
    pub(crate) header: FrameHeader,
    pub(crate) home: Home,
    start: usize,
    /// Streams begun by it.
    pub(crate) begun: u64,
}

/// An event with everything the index needs.
pub(crate) struct Item<'a> {
    pub(crate) stream: &'a StreamName,
    pub(crate) term: Term,
    pub(crate) base: Term,
    pub(crate) event: &'a NewEvent,
    pub(crate) terms: &'a [Term],
    pub(crate) retry: Term,
    pub(crate) role: Role,
}

/// What an event means for its stream.
pub(crate) enum Role {
    /// An event like any other.
    Plain,
    /// New settings. Only those of the last event of a write count.
    Metadata(Arc<StreamMetadata>),
    /// The end.
    Tombstone,
}

impl<'a> Draft<'a> {
    pub(crate) fn begin(
        buffer: &'a mut Vec<u8>,
        mut index: RwLockWriteGuard<'a, MemoryIndex>,
        window: RwLockWriteGuard<'a, RetryWindow>,
        unpublished: &'a mut Unpublished,
        terms: Terms,
        header: FrameHeader,
        home: Home,
    ) -> Self {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; FRAME_HEADER_LEN]);
        index.add_frame(header.first_position, header.recorded_at);
        Self { buffer, index, window, unpublished, terms, header, home, start, begun: 0 }
    }

    fn recorded_at(&self) -> Timestamp {
        Timestamp::from_micros(self.header.recorded_at)
    }

    /// Distance from the beginning of the frame, and place in the segment, of the next record.
    fn next_record(&self) -> (u32, u32) {
        let back = self.buffer.len() - self.start;
        (back as u32, self.home.offset + back as u32)
    }

    /// The head of a stream as this frame leaves it; `known` holds when the group changed nothing.
    pub(crate) fn head(&self, base: Term, known: &HeadEntry) -> HeadEntry {
        self.unpublished.own_head(base).unwrap_or(known).clone()
    }

    /// Adds an event and gives its version.
    pub(crate) fn event(&mut self, item: Item<'_>, known: &HeadEntry) -> Version {
        let position = self.header.first_position + u64::from(self.header.events);
        let mut head = self.head(item.base, known);
        head.end = position + 1;
        let is_metadata = matches!(item.role, Role::Metadata(_));
        let last = if is_metadata { head.metadata_last } else { head.last };
        let next = last.map_or(Version::FIRST, Version::next);
        let (version, tombstone) = match item.role {
            Role::Plain => {
                head.last = Some(next);
                (next, None)
            }
            Role::Metadata(metadata) => {
                head.metadata_last = Some(next);
                head.metadata_position = Some(position);
                head.metadata = Some(metadata);
                (next, None)
            }
            Role::Tombstone => {
                head.tombstone = Some(position);
                let list = self.terms.term(TermKind::Tombstone, item.stream.as_str());
                (Version::DELETED, Some(list))
            }
        };
        self.begun += u64::from(version == Version::FIRST);
        let (back, offset) = self.next_record();
        let place = Place { back, index: self.header.events };
        let recorded_at = self.recorded_at();
        record::put_event(self.buffer, place, item.stream, version, item.event, recorded_at);
        let (_, end) = self.next_record();
        self.index.add_event(&Indexed {
            place: EventPlace { offset, len: end - offset },
            stream: item.term,
            version,
            terms: item.terms,
            begun: self.terms.begun(),
            tombstone,
        });
        self.unpublished.set_head(item.base, head);
        self.window.add(item.retry, version, Position::new(position));
        self.header.events += 1;
        version
    }

    /// Adds where the commit comes from.
    pub(crate) fn origin(&mut self, origin: Origin) {
        record::put_origin(self.buffer, origin);
        self.header.states += 1;
    }

    /// Adds a write of state.
    pub(crate) fn state(&mut self, key: &StateKey, revision: u64, value: Option<&[u8]>) {
        let (back, offset) = self.next_record();
        let place = Place { back, index: 0 };
        record::put_state(self.buffer, place, key, revision, value);
        let (_, end) = self.next_record();
        let slot = state_slot(key, revision, value, self.header.recorded_at);
        let len = end - offset - RECORD_PREFIX_LEN as u32;
        self.unpublished.set_state(key.clone(), StateSlot { offset, len, ..slot });
        self.header.states += 1;
    }

    /// Fills in the header.
    pub(crate) fn finish(self) {
        let len = (self.buffer.len() - self.start) as u32;
        let header = FrameHeader { len, ..self.header };
        let (_, frame) = self.buffer.split_at_mut(self.start);
        let (place, _) = frame.split_at_mut(FRAME_HEADER_LEN);
        place.copy_from_slice(&header.encode(self.home));
    }
}

/// What the index keeps of a write of state; its place is still to be filled in.
pub(crate) fn state_slot(
    key: &StateKey,
    revision: u64,
    value: Option<&[u8]>,
    recorded_at: i64,
) -> StateSlot {
    let is_checkpoint = key.kind == annals_core::StateKind::Checkpoint;
    let checkpoint = value
        .filter(|_| is_checkpoint)
        .and_then(|value| value.first_chunk::<8>())
        .map(|bytes| Position::new(u64::from_be_bytes(*bytes)));
    let is_present = value.is_some();
    StateSlot { revision, offset: 0, len: 0, recorded_at, is_present, checkpoint }
}

/// An upper bound for the bytes of a frame with these events in these streams.
pub(crate) fn frame_bytes_at_most<'a>(
    events: impl Iterator<Item = (&'a StreamName, &'a NewEvent)>,
) -> usize {
    /// Everything in a record that is not one of the counted strings: numbers and lengths.
    const RECORD_OVERHEAD: usize = 80;
    let of_event = |(stream, event): (&StreamName, &NewEvent)| {
        let correlation = event.metadata.correlation().map_or(0, |id| id.len());
        RECORD_OVERHEAD
            + stream.as_str().len()
            + event.size()
            + event.content_type.as_str().len()
            + correlation
            + 2 * event.tags.as_slice().len()
    };
    FRAME_HEADER_LEN + events.map(of_event).sum::<usize>()
}

/// An upper bound for the bytes of a record of state with a value of this length.
pub(crate) fn state_bytes_at_most(name: &Name, value: usize) -> usize {
    /// The prefix, two kinds, and the numbers.
    const RECORD_OVERHEAD: usize = 40;
    RECORD_OVERHEAD + name.as_str().len() + value
}
