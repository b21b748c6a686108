//! What another store recorded: the same requests on the way of every other one.
//!
//! A frame has one time, so events become one frame for each stretch of equal times. The room for
//! all of them is made first, and they share one write and one sync; a crash in between may keep
//! the first frames, which whoever restores finds by the head.

use std::{ops::Range, sync::Arc};

use annals_core::{
    NewEvent, Position, RecordedEvent, RecordedState, Restore, Result, StreamMetadata, Version,
    rules::{self, StoreEnd},
};

use super::{
    commit::finish,
    committer::Committer,
    draft::{Item, Role, frame_bytes_at_most, state_bytes_at_most},
    evaluate::Evaluation,
    job::{Basis, Receipt},
    look_up::Found,
    prepare::put_terms,
};
use crate::{
    format::{frame::FRAME_HEADER_LEN, record::ORIGIN_RECORD_LEN_MAX},
    index::{
        head::HeadEntry,
        term::{Term, TermMap, Terms},
    },
    shared::Shared,
};

/// What is restored, with the hashes of all its names.
#[derive(Debug)]
pub(crate) struct PreparedRestore {
    restore: Restore,
    /// In the order of the events.
    events: Vec<Hashed>,
    /// The terms of all events one after the other.
    terms: Vec<Term>,
    /// The streams that decide about the events, each once, and where each stands.
    pub(super) bases: Vec<Term>,
    places: TermMap<usize>,
    /// An upper bound for all frames together.
    bytes: usize,
}

#[derive(Debug)]
struct Hashed {
    new: NewEvent,
    stream: Term,
    /// Which of the bases.
    base: usize,
    retry: Term,
    /// Where its terms end.
    end: usize,
    settings: Option<Arc<StreamMetadata>>,
}

impl PreparedRestore {
    pub(super) fn new(restore: Restore, terms: &Terms) -> Self {
        let mut prepared = Self {
            events: Vec::with_capacity(restore.events.len()),
            terms: Vec::with_capacity(restore.events.len() * 4),
            bases: Vec::new(),
            places: TermMap::default(),
            bytes: 0,
            restore: Restore::default(),
        };
        for event in &restore.events {
            prepared.hash(event, terms);
        }
        prepared.restore = restore;
        let frames = prepared.frames().map(|range| {
            let recorded = prepared.restore.events.get(range.clone()).unwrap_or_default();
            let hashed = prepared.events.get(range).unwrap_or_default();
            frame_bytes_at_most(
                recorded.iter().map(|e| &e.stream).zip(hashed.iter().map(|h| &h.new)),
            )
        });
        let of_state = |state: &RecordedState| {
            let value = state.value.as_ref().map_or(0, |value| value.len());
            FRAME_HEADER_LEN + state_bytes_at_most(&state.key.name, value)
        };
        prepared.bytes =
            frames.sum::<usize>() + prepared.restore.states.iter().map(of_state).sum::<usize>();
        prepared
    }

    fn hash(&mut self, event: &RecordedEvent, terms: &Terms) {
        let stream = terms.stream(&event.stream);
        let base = terms.base(&event.stream);
        let next = self.bases.len();
        let place = *self.places.entry(base).or_insert(next);
        if place == next {
            self.bases.push(base);
        }
        let correlation = event.metadata.correlation();
        let (event_type, tags) = (&event.event_type, &event.tags);
        put_terms(&mut self.terms, terms, &event.stream, event_type, tags, correlation);
        let is_settings = event.stream.is_metastream();
        self.events.push(Hashed {
            stream,
            base: place,
            retry: terms.retry(stream, event.id),
            end: self.terms.len(),
            settings: is_settings.then(|| Arc::new(StreamMetadata::parse_stored(&event.data))),
            new: event.clone().into_new(),
        });
    }

    /// The stretches of events that were recorded at one time.
    fn frames(&self) -> impl Iterator<Item = Range<usize>> {
        let stretches = self.restore.events.chunk_by(|a, b| a.recorded_at == b.recorded_at);
        stretches.scan(0, |start, stretch| {
            let range = *start..*start + stretch.len();
            *start = range.end;
            Some(range)
        })
    }

    /// Whether it still follows on a store that ends here, when it did a moment ago.
    pub(super) fn follows(&self, end: StoreEnd) -> bool {
        let event = self.restore.events.first();
        let state = self.restore.states.first();
        event.is_none_or(|e| e.position == end.next && e.recorded_at >= end.recorded_at)
            && state.is_none_or(|state| state.revision > end.revision)
    }
}

/// Decides about it as of a durable snapshot.
pub(super) fn evaluate(
    shared: &Shared,
    found: Found,
    prepared: &PreparedRestore,
) -> Result<Evaluation> {
    let end = StoreEnd {
        next: Position::new(found.as_of),
        recorded_at: shared.recorded_at(),
        revision: shared.revision(),
    };
    rules::decide_restore(&prepared.restore, end, |stream| {
        let place = prepared.places.get(&found.snapshot.terms.base(stream));
        let head = place.and_then(|place| found.heads.get(*place));
        Ok(head.map(HeadEntry::to_stream_head).unwrap_or_default())
    })?;
    if prepared.restore.events.is_empty() && prepared.restore.states.is_empty() {
        return Ok(Evaluation::Answered(Receipt::Restored));
    }
    Ok(Evaluation::Acceptable(found.into_basis()))
}

impl Committer {
    /// Where the store ends with the requests that were taken so far.
    pub(super) fn end(&self) -> StoreEnd {
        StoreEnd {
            next: Position::new(self.next_position),
            recorded_at: self.recorded_at,
            revision: self.last_revision,
        }
    }

    pub(super) fn commit_restore(
        &mut self,
        prepared: &PreparedRestore,
        basis: &Basis,
    ) -> Result<Receipt> {
        let view = self.view();
        let known = prepared.bases.iter().zip(&basis.heads).map(|(base, known)| {
            self.unpublished.head(&view, *base).unwrap_or_else(|| known.clone())
        });
        let known: Vec<HeadEntry> = known.collect();
        self.make_room(prepared.bytes + self.origins_of(prepared))?;
        for range in prepared.frames() {
            self.sync_in_time()?;
            self.restore_frame(prepared, range, &known);
        }
        for state in &prepared.restore.states {
            self.sync_in_time()?;
            let mut draft = self.draft(state.recorded_at);
            draft.state(&state.key, state.revision, state.value.as_deref());
            let added = finish(draft);
            self.count(&added, state.revision);
        }
        Ok(Receipt::Restored)
    }

    /// The room that the origins of all frames take.
    fn origins_of(&self, prepared: &PreparedRestore) -> usize {
        if self.lineage.is_none() {
            return 0;
        }
        let frames = prepared.frames().count() + prepared.restore.states.len();
        frames * ORIGIN_RECORD_LEN_MAX
    }

    fn restore_frame(
        &mut self,
        prepared: &PreparedRestore,
        range: Range<usize>,
        known: &[HeadEntry],
    ) {
        let revision = self.last_revision;
        let recorded = prepared.restore.events.get(range.clone()).unwrap_or_default();
        let Some(first) = recorded.first() else { return };
        let unknown = HeadEntry::default();
        let mut start = match range.start.checked_sub(1).and_then(|last| prepared.events.get(last))
        {
            Some(before) => before.end,
            None => 0,
        };
        let mut draft = self.draft(first.recorded_at);
        let hashed = prepared.events.get(range).unwrap_or_default();
        for (event, hashed) in recorded.iter().zip(hashed) {
            let item = Item {
                stream: &event.stream,
                term: hashed.stream,
                base: prepared.bases.get(hashed.base).copied().unwrap_or(hashed.stream),
                event: &hashed.new,
                terms: prepared.terms.get(start..hashed.end).unwrap_or_default(),
                retry: hashed.retry,
                role: role(event, hashed),
            };
            draft.event(item, known.get(hashed.base).unwrap_or(&unknown));
            start = hashed.end;
        }
        let added = finish(draft);
        self.count(&added, revision);
    }
}

fn role(event: &RecordedEvent, hashed: &Hashed) -> Role {
    match &hashed.settings {
        Some(settings) => Role::Metadata(Arc::clone(settings)),
        None if event.version == Version::DELETED => Role::Tombstone,
        None => Role::Plain,
    }
}
