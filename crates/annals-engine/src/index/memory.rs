//! The index of one open segment, in memory, and where its events are.

use std::{collections::BTreeMap, sync::Arc};

use annals_core::{Position, StateKey, Version};
use parking_lot::RwLock;

use super::{
    head::HeadEntry,
    postings::Postings,
    term::{Term, TermMap},
};
use crate::storage::StorageFile;

/// A segment that the tree does not cover yet: the open one, or one that is being sealed.
///
/// The committer adds to it before the bytes are durable; whoever reads looks only at positions
/// below the published head.
#[derive(Debug)]
pub(crate) struct MemorySegment {
    pub(crate) number: u32,
    pub(crate) first_position: u64,
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) index: RwLock<MemoryIndex>,
}

/// The index of one open segment.
#[derive(Debug, Default)]
pub(crate) struct MemoryIndex {
    streams: TermMap<StreamList>,
    lists: TermMap<Postings>,
    heads: TermMap<HeadEntry>,
    states: BTreeMap<StateKey, StateSlot>,
    events: Vec<EventPlace>,
    frames: Vec<FramePlace>,
}

/// The events of one stream in one segment.
#[derive(Debug)]
pub(crate) struct StreamList {
    pub(crate) first_version: u64,
    pub(crate) places: Postings,
}

/// Where an event's record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventPlace {
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

/// What the events of a frame share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FramePlace {
    /// The first of its events, counted within the segment.
    first: u32,
    pub(crate) first_position: u64,
    pub(crate) recorded_at: i64,
}

/// The last write to a piece of state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StateSlot {
    pub(crate) revision: u64,
    pub(crate) offset: u32,
    pub(crate) len: u32,
    pub(crate) recorded_at: i64,
    /// Whether there is a value, or it was deleted.
    pub(crate) is_present: bool,
    /// Where a checkpoint stands, so that deciding about the next one reads nothing.
    pub(crate) checkpoint: Option<Position>,
}

/// An event as the index sees it.
#[derive(Debug)]
pub(crate) struct Indexed<'a> {
    pub(crate) place: EventPlace,
    pub(crate) stream: Term,
    pub(crate) version: Version,
    /// Category, type, tags, correlation.
    pub(crate) terms: &'a [Term],
    /// The list of all streams' first events.
    pub(crate) begun: Term,
    /// The list of the event that closed the stream, where this is that event.
    pub(crate) tombstone: Option<Term>,
}

impl MemorySegment {
    pub(crate) fn new(number: u32, first_position: u64, file: Arc<dyn StorageFile>) -> Self {
        Self { number, first_position, file, index: RwLock::default() }
    }
}

impl MemoryIndex {
    /// Begins a frame; the events added next are its own.
    pub(crate) fn add_frame(&mut self, first_position: u64, recorded_at: i64) {
        let first = self.events.len() as u32;
        self.frames.push(FramePlace { first, first_position, recorded_at });
    }

    pub(crate) fn add_event(&mut self, event: &Indexed<'_>) {
        let place = self.events.len() as u32;
        self.events.push(event.place);
        for term in event.terms {
            self.add(*term, place);
        }
        if let Some(tombstone) = event.tombstone {
            self.add(tombstone, place);
            return;
        }
        if event.version == Version::FIRST {
            self.add(event.begun, place);
        }
        self.streams.entry(event.stream).and_modify(|list| list.places.push(place)).or_insert_with(
            || StreamList { first_version: event.version.get(), places: Postings::one(place) },
        );
    }

    fn add(&mut self, term: Term, place: u32) {
        self.lists
            .entry(term)
            .and_modify(|list| list.push(place))
            .or_insert_with(|| Postings::one(place));
    }

    pub(crate) fn set_head(&mut self, base: Term, head: HeadEntry) {
        self.heads.insert(base, head);
    }

    pub(crate) fn set_state(&mut self, key: StateKey, slot: StateSlot) {
        self.states.insert(key, slot);
    }

    pub(crate) fn head(&self, base: Term) -> Option<&HeadEntry> {
        self.heads.get(&base)
    }

    pub(crate) fn heads(&self) -> impl Iterator<Item = (&Term, &HeadEntry)> {
        self.heads.iter()
    }

    pub(crate) fn state(&self, key: &StateKey) -> Option<&StateSlot> {
        self.states.get(key)
    }

    pub(crate) fn states(&self) -> &BTreeMap<StateKey, StateSlot> {
        &self.states
    }

    pub(crate) fn stream(&self, stream: Term) -> Option<&StreamList> {
        self.streams.get(&stream)
    }

    /// All lists: streams and everything else.
    pub(crate) fn postings(&self) -> impl Iterator<Item = (Term, &[u32])> {
        let streams = self.streams.iter().map(|(term, list)| (*term, list.places.as_slice()));
        streams.chain(self.lists.iter().map(|(term, list)| (*term, list.as_slice())))
    }

    /// The places of a term that is not a stream, or of a stream's events.
    pub(crate) fn places(&self, term: Term) -> &[u32] {
        match (self.lists.get(&term), self.streams.get(&term)) {
            (Some(list), _) => list.as_slice(),
            (None, Some(list)) => list.places.as_slice(),
            (None, None) => &[],
        }
    }

    /// Where an event is and what its frame says; the place counts within the segment.
    pub(crate) fn event(&self, place: usize) -> Option<(EventPlace, FramePlace)> {
        let event = *self.events.get(place)?;
        let after = self.frames.partition_point(|frame| frame.first as usize <= place);
        // Frames without events stand at the same place as the next one; the last of them is it.
        Some((event, *self.frames.get(after.checked_sub(1)?)?))
    }

    /// Where each event begins.
    pub(crate) fn offsets(&self) -> Vec<u32> {
        self.events.iter().map(|event| event.offset).collect()
    }
}
