//! From a segment's bytes to its index, checking that the log makes sense.

use annals_core::{Position, Result, StreamMetadata, Timestamp, Version};
use bytes::Bytes;
use std::sync::Arc;

use super::{RetryEntry, retry_begins};
use crate::{
    error::corrupted,
    format::{
        Damaged,
        frame::Frame,
        record::{EventRecord, Origin, RECORD_PREFIX_LEN, Record, StateRecord},
        segment_header::{SEGMENT_HEADER_LEN, SegmentHeader},
    },
    index::{
        head::HeadEntry,
        memory::{EventPlace, Indexed, MemoryIndex, StateSlot},
        term::{Term, TermKind, Terms},
    },
    log::scan::Frames,
    write::{draft::state_slot, lineage::digest, prepare::put_terms},
};

/// Where a replay ended, and what it counted.
#[derive(Debug)]
pub(crate) struct Replay {
    /// Where the first byte stands that belongs to no valid frame.
    pub(crate) end: usize,
    /// The position after the last event.
    pub(crate) end_position: u64,
    pub(crate) last_revision: u64,
    pub(crate) recorded_at: Timestamp,
    /// How many streams were begun.
    pub(crate) begun: u64,
    /// How many commits there were.
    pub(crate) frames: u64,
    /// Whether the last frame is a commit, which no later frame vouches for.
    pub(crate) has_unvouched: bool,
    /// Where the last commit comes from, with its own digest instead of that of the one before.
    pub(crate) origin: Option<Origin>,
    /// Up to where the last frame knew the segment to be durable.
    pub(crate) durable: u32,
    /// Why it ended before the end of the bytes.
    pub(crate) stopped: Option<Damaged>,
}

impl Default for Replay {
    /// A store without events.
    fn default() -> Self {
        Self {
            end: 0,
            end_position: 0,
            last_revision: 0,
            recorded_at: Timestamp::from_micros(i64::MIN),
            begun: 0,
            frames: 0,
            has_unvouched: false,
            origin: None,
            durable: SEGMENT_HEADER_LEN as u32,
            stopped: None,
        }
    }
}

/// Enters all valid frames of a segment into an index.
///
/// `base_head` tells what earlier segments know of a stream. `retry` is given every event.
///
/// # Errors
/// `Corrupted` when valid frames contradict each other; frames that are not valid only end it.
pub(crate) fn replay(
    name: &str,
    bytes: &Bytes,
    header: &SegmentHeader,
    terms: Terms,
    index: &mut MemoryIndex,
    base_head: &dyn Fn(Term) -> Result<HeadEntry>,
    retry: &mut Vec<RetryEntry>,
) -> Result<Replay> {
    let mut frames = Frames::of_segment(bytes.clone());
    let mut replayer = Replayer {
        bytes,
        terms,
        index,
        base_head,
        retry,
        found_by: Vec::new(),
        replay: Replay {
            end_position: header.first_position,
            last_revision: header.last_revision,
            recorded_at: Timestamp::from_micros(header.recorded_at),
            ..Replay::default()
        },
    };
    while let Some(frame) = frames.next() {
        match frame {
            Err(what) => {
                replayer.replay.stopped = Some(what);
                break;
            }
            Ok((offset, frame)) => replayer.frame(offset, &frame).map_err(|error| match error {
                Contradiction::Damaged(what) => corrupted(name, offset as u64, what),
                Contradiction::Failed(error) => error,
            })?,
        }
    }
    replayer.replay.end = frames.offset();
    Ok(replayer.replay)
}

enum Contradiction {
    Damaged(Damaged),
    Failed(annals_core::Error),
}

impl From<Damaged> for Contradiction {
    fn from(what: Damaged) -> Self {
        Self::Damaged(what)
    }
}

impl From<annals_core::Error> for Contradiction {
    fn from(error: annals_core::Error) -> Self {
        Self::Failed(error)
    }
}

struct Replayer<'a> {
    bytes: &'a Bytes,
    terms: Terms,
    index: &'a mut MemoryIndex,
    base_head: &'a dyn Fn(Term) -> Result<HeadEntry>,
    retry: &'a mut Vec<RetryEntry>,
    found_by: Vec<Term>,
    replay: Replay,
}

impl Replayer<'_> {
    fn frame(&mut self, offset: usize, frame: &Frame) -> Result<(), Contradiction> {
        let header = &frame.header;
        let recorded_at = Timestamp::from_micros(header.recorded_at);
        if header.first_position != self.replay.end_position {
            return Err(Damaged("a commit begins with another position than it should").into());
        }
        if recorded_at < self.replay.recorded_at {
            return Err(Damaged("a commit was recorded before the one in front of it").into());
        }
        self.replay.recorded_at = recorded_at;
        let is_empty = header.events == 0 && header.states == 0;
        self.replay.frames += u64::from(!is_empty);
        self.replay.has_unvouched = !is_empty;
        self.replay.durable = header.durable;
        self.index.add_frame(header.first_position, header.recorded_at);
        let before = self.replay.origin.take();
        for (at, body) in &frame.records {
            let place = EventPlace {
                offset: offset as u32 + at,
                len: (body.len() + RECORD_PREFIX_LEN) as u32,
            };
            match Record::decode(body)? {
                Record::Event(event) => self.event(place, &event)?,
                Record::State(state) => self.state(place, &state, header.recorded_at)?,
                Record::Origin(origin) => self.origin(before, origin)?,
            }
        }
        match &mut self.replay.origin {
            Some(origin) => {
                let end = offset + header.len as usize;
                origin.digest = digest(self.bytes.get(offset..end).unwrap_or_default());
            }
            None if before.is_some() => {
                return Err(Damaged("a commit of a node does not say where it comes from").into());
            }
            None => {}
        }
        Ok(())
    }

    fn origin(&mut self, before: Option<Origin>, origin: Origin) -> Result<(), Contradiction> {
        if let Some(before) = before {
            // What is restored is several commits of one command.
            if (origin.entry, origin.index) < (before.entry, before.index) {
                return Err(Damaged("a commit comes from an earlier entry than it should").into());
            }
            if origin.digest != before.digest {
                return Err(Damaged("a commit does not follow on the one in front of it").into());
            }
        }
        self.replay.origin = Some(origin);
        Ok(())
    }

    fn event(&mut self, place: EventPlace, event: &EventRecord) -> Result<(), Contradiction> {
        let position = self.replay.end_position;
        let stream = self.terms.stream(&event.stream);
        let base = self.terms.base(&event.stream);
        let mut head = match self.index.head(base) {
            Some(head) => head.clone(),
            None => (self.base_head)(base)?,
        };
        let is_metadata = event.stream.is_metastream();
        let tombstone = event.version == Version::DELETED;
        let last = if is_metadata { head.metadata_last } else { head.last };
        if !tombstone && event.version != last.map_or(Version::FIRST, Version::next) {
            return Err(Damaged("an event has another version than its stream should have").into());
        }
        if tombstone {
            head.tombstone = Some(position);
        } else if is_metadata {
            head.metadata_last = Some(event.version);
            head.metadata_position = Some(position);
            head.metadata = Some(Arc::new(StreamMetadata::parse_stored(&event.data)));
        } else {
            head.last = Some(event.version);
        }
        head.end = position + 1;
        self.index.set_head(base, head);
        self.found_by.clear();
        let correlation = event.metadata.correlation();
        let (event_type, tags) = (&event.event_type, &event.tags);
        put_terms(&mut self.found_by, &self.terms, &event.stream, event_type, tags, correlation);
        let list = self.terms.term(TermKind::Tombstone, event.stream.as_str());
        self.index.add_event(&Indexed {
            place,
            stream,
            version: event.version,
            terms: &self.found_by,
            begun: self.terms.begun(),
            tombstone: tombstone.then_some(list),
        });
        let key = self.terms.retry(stream, event.id);
        self.retry.push((key, event.version, Position::new(position)));
        self.replay.begun += u64::from(event.version == Version::FIRST);
        self.replay.end_position += 1;
        Ok(())
    }

    fn state(
        &mut self,
        place: EventPlace,
        state: &StateRecord,
        recorded_at: i64,
    ) -> Result<(), Contradiction> {
        if state.revision <= self.replay.last_revision {
            return Err(Damaged("a piece of state has a revision that was given before").into());
        }
        self.replay.last_revision = state.revision;
        let slot = state_slot(&state.key, state.revision, state.value.as_deref(), recorded_at);
        let EventPlace { offset, len } = place;
        let len = len - RECORD_PREFIX_LEN as u32;
        self.index.set_state(state.key.clone(), StateSlot { offset, len, ..slot });
        Ok(())
    }
}

/// Drops the entries that have left the retry window of a store that ends at `end`.
pub(super) fn trim(retry: &mut Vec<RetryEntry>, end: u64) {
    let begins = retry_begins(end);
    retry.retain(|(.., position)| position.get() >= begins);
}
