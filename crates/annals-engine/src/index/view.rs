//! What a reader looks at: the tree, the sealed segments, and the segments still in memory.

use std::sync::Arc;

use annals_core::{Error, ErrorKind, RecordedEvent, Result, StateKey, Version};
use bytes::Bytes;

use super::{
    codec::BLOCK_ENTRIES,
    head::HeadEntry,
    memory::{EventPlace, FramePlace, MemorySegment, StateSlot},
    term::Term,
    tree::Tree,
};
use crate::{
    error::{corrupted, io_failed},
    format::record::{self, EventRecord, RECORD_PREFIX_LEN, Record},
    log::{
        names,
        sealed::{self, SealedFile},
    },
};

/// One consistent set of places to look in. Cheap to take, replaced when a segment is begun or
/// sealed; an old one stays right.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) tree: Tree,
    /// The segments that the tree covers, in order.
    pub(crate) sealed: Arc<Vec<Arc<SealedFile>>>,
    /// The segments after them, in order; the last one is open.
    pub(crate) memory: Vec<Arc<MemorySegment>>,
}

impl View {
    /// The position from which on memory knows everything.
    pub(crate) fn covered(&self) -> u64 {
        self.memory.first().map_or(u64::MAX, |segment| segment.first_position)
    }

    /// What is known of a stream by its base term.
    pub(crate) fn head(&self, base: Term) -> Result<HeadEntry> {
        match self.memory_head(base) {
            Some(head) => Ok(head),
            None => self.sealed_head(base),
        }
    }

    /// The newest head of a stream among the segments in memory.
    pub(crate) fn memory_head(&self, base: Term) -> Option<HeadEntry> {
        let mut segments = self.memory.iter().rev();
        segments.find_map(|segment| segment.index.read().head(base).cloned())
    }

    /// What the sealed segments say of a stream.
    pub(crate) fn sealed_head(&self, base: Term) -> Result<HeadEntry> {
        let mut head = self.tree.head(base)?.unwrap_or_default();
        if let Some(position) = head.metadata_position {
            let event = self.event(position)?;
            let metadata = annals_core::StreamMetadata::parse_stored(&event.data);
            head.metadata = Some(Arc::new(metadata));
        }
        Ok(head)
    }

    /// The event at a position below the head.
    pub(crate) fn event(&self, position: u64) -> Result<RecordedEvent> {
        self.try_event(position)?.ok_or_else(|| {
            Error::new(ErrorKind::Internal, format!("no event stands at position {position}"))
        })
    }

    /// Like [`event`](Self::event); `None` when it was scavenged.
    pub(crate) fn try_event(&self, position: u64) -> Result<Option<RecordedEvent>> {
        match self.memory_segment(position) {
            Some(segment) => segment.event(position).map(Some),
            None => sealed::find(&self.sealed, position)?.event(position),
        }
    }

    /// The segment in memory that holds a position.
    pub(crate) fn memory_segment(&self, position: u64) -> Option<&Arc<MemorySegment>> {
        let after = self.memory.partition_point(|segment| segment.first_position <= position);
        after.checked_sub(1).and_then(|index| self.memory.get(index))
    }

    /// The position of a version of a stream, when it exists.
    pub(crate) fn position_of(&self, stream: Term, version: Version) -> Result<Option<u64>> {
        let positions = self.positions_from(stream, version.get())?;
        Ok(positions.first().copied())
    }

    /// The positions of versions from `version` on, at least one if it exists; not necessarily
    /// all there are.
    pub(crate) fn positions_from(&self, stream: Term, version: u64) -> Result<Vec<u64>> {
        for segment in self.memory.iter().rev() {
            let index = segment.index.read();
            let Some(list) = index.stream(stream) else { continue };
            let Some(skip) = version.checked_sub(list.first_version) else { continue };
            let places = list.places.as_slice().get(usize::try_from(skip).unwrap_or(usize::MAX)..);
            let first = segment.first_position;
            let places = places.unwrap_or_default().iter().take(BLOCK_ENTRIES);
            return Ok(places.map(|place| first + u64::from(*place)).collect());
        }
        let Some(list) = self.tree.list(stream)?.filter(|list| version < list.count) else {
            return Ok(Vec::new());
        };
        let (positions, skip) = match version.checked_sub(list.tail_first()) {
            Some(skip) => (list.tail, skip),
            None => {
                let block = u32::try_from(version / BLOCK_ENTRIES as u64).unwrap_or(u32::MAX);
                (self.tree.block(stream, block)?, version % BLOCK_ENTRIES as u64)
            }
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let covered = self.covered();
        let positions = positions.get(skip..).unwrap_or_default().iter().copied();
        Ok(positions.take_while(|position| *position < covered).collect())
    }

    /// The last write to a piece of state among the segments in memory, and its segment.
    pub(crate) fn memory_state(&self, key: &StateKey) -> Option<(StateSlot, &Arc<MemorySegment>)> {
        self.memory
            .iter()
            .rev()
            .find_map(|segment| segment.index.read().state(key).map(|slot| (*slot, segment)))
    }
}

impl MemorySegment {
    /// The event at a position, read from the file.
    pub(crate) fn event(&self, position: u64) -> Result<RecordedEvent> {
        let place = usize::try_from(position.saturating_sub(self.first_position)).ok();
        let found = place.and_then(|place| self.index.read().event(place));
        let (event, frame) = found.ok_or_else(|| {
            Error::new(ErrorKind::Internal, format!("no event stands at position {position}"))
        })?;
        let bytes = self.read(event.offset, event.len)?;
        self.decode(&bytes, event, frame)
    }

    /// Some bytes of the file.
    pub(crate) fn read(&self, offset: u32, len: u32) -> Result<Bytes> {
        let mut buffer = vec![0; len as usize];
        self.file
            .read_at(u64::from(offset), &mut buffer)
            .map_err(|error| io_failed("read a segment", &self.name(), error))?;
        Ok(buffer.into())
    }

    /// The event whose record is the beginning of `bytes`.
    pub(crate) fn decode(
        &self,
        bytes: &Bytes,
        place: EventPlace,
        frame: FramePlace,
    ) -> Result<RecordedEvent> {
        let decode = || {
            let body = record::checked(bytes)?;
            match Record::decode(&body)? {
                Record::Event(event) => {
                    EventRecord::recorded(event, frame.first_position, frame.recorded_at)
                }
                Record::State(_) | Record::Origin(_) => {
                    Err(crate::format::Damaged("an event was expected, not state"))
                }
            }
        };
        decode().map_err(|what| corrupted(&self.name(), u64::from(place.offset), what))
    }

    /// The value of a piece of state.
    pub(crate) fn state_value(&self, slot: StateSlot) -> Result<Bytes> {
        let bytes = self.read(slot.offset, slot.len + RECORD_PREFIX_LEN as u32)?;
        let decode = || match Record::decode(&record::checked(&bytes)?)? {
            Record::State(state) => Ok(state.value.unwrap_or_default()),
            Record::Event(_) | Record::Origin(_) => {
                Err(crate::format::Damaged("state was expected, not an event"))
            }
        };
        decode().map_err(|what| corrupted(&self.name(), u64::from(slot.offset), what))
    }

    fn name(&self) -> String {
        names::segment(self.number)
    }
}
