//! What a request that was taken becomes: one frame.

use annals_core::{
    Append, Appended, CheckpointWrite, DeleteMode, DeleteStream, Deleted, Error, ErrorKind,
    NewEvent, Position, Result, StateKey, StatePut, StreamAppended, StreamMetadata, StreamName,
    Timestamp, Version,
    rules::{self, Progress},
};

use super::{
    committer::Committer,
    draft::{Draft, Item, Role, frame_bytes_at_most, state_bytes_at_most},
    job::{Basis, Job, Receipt},
    prepare::{Prepared, PreparedAppend, PreparedWrite, put_terms},
    revival::Revival,
};
use crate::{
    format::frame::{FRAME_HEADER_LEN, FrameHeader, Home},
    index::{head::HeadEntry, term::Term, view::View},
};

/// A write on its way into a frame.
struct Pending<'a> {
    base: Term,
    head: HeadEntry,
    revival: Option<Revival>,
    items: Box<dyn Iterator<Item = Item<'a>> + 'a>,
    appended: StreamAppended,
}

impl Committer {
    /// Builds the frame of a request. Nothing is changed when it fails.
    pub(crate) fn commit(&mut self, job: Job, now: Timestamp) -> Result<Receipt> {
        let Job { prepared, basis } = job;
        match prepared {
            Prepared::Append(append) => self.commit_append(&append, &basis, now),
            Prepared::Delete(delete, base) => self.commit_delete(&delete, base, &basis, now),
            Prepared::PutState(put) => self.commit_state(&put, now),
            Prepared::Restore(restore) => self.commit_restore(&restore, &basis),
        }
    }

    fn commit_append(
        &mut self,
        prepared: &PreparedAppend,
        basis: &Basis,
        now: Timestamp,
    ) -> Result<Receipt> {
        let append = &prepared.append;
        let view = self.view();
        let mut writes = self.pending(prepared, basis, &view);
        let advances = self.advances(prepared, basis, &view);
        let events = append.writes.iter().flat_map(|w| w.events.iter().map(|e| (&w.stream, e)));
        let revived = writes.iter().filter_map(|write| write.revival.as_ref());
        let all = events.chain(revived.map(|revival| (&revival.metastream, &revival.event)));
        let for_checkpoint = advances
            .map_or(0, |checkpoint| state_bytes_at_most(&checkpoint.name, size_of::<Position>()));
        self.make_room(frame_bytes_at_most(all) + for_checkpoint)?;

        let revision = self.last_revision + u64::from(advances.is_some());
        let mut draft = self.draft(now);
        for index in &append.interleaving {
            if let Some(write) = writes.get_mut(*index as usize) {
                write.put_next(&mut draft);
            }
        }
        for write in &mut writes {
            while write.put_next(&mut draft) {}
            write.revive(&mut draft);
        }
        for write in &mut writes {
            write.answer_check(&draft);
        }
        if let Some(checkpoint) = advances {
            let key = StateKey::checkpoint(checkpoint.name.clone());
            let value = StatePut::checkpoint_value(checkpoint.position);
            draft.state(&key, revision, Some(&value));
        }
        let added = finish(draft);
        let position = self.count(&added, revision);
        let streams = writes.into_iter().map(|write| write.appended).collect();
        Ok(Receipt::Appended(Appended { streams, position, duplicate: false }))
    }

    fn pending<'a>(
        &self,
        prepared: &'a PreparedAppend,
        basis: &Basis,
        view: &View,
    ) -> Vec<Pending<'a>> {
        let writes = prepared.append.writes.iter().zip(&prepared.writes).zip(&basis.heads);
        let pending = writes.map(|((write, hashed), known)| {
            let head = self.unpublished.head(view, hashed.base).unwrap_or_else(|| known.clone());
            let appended = StreamAppended {
                stream: write.stream.clone(),
                first_version: None,
                last_version: head.to_stream_head().lane(&write.stream).last,
            };
            let events = write.events.iter().zip(&hashed.retry).zip(hashed.terms());
            let items = events.map(|((event, retry), terms)| Item {
                stream: &write.stream,
                term: hashed.stream,
                base: hashed.base,
                event,
                terms,
                retry: *retry,
                role: role(hashed),
            });
            let revival = Revival::of(&write.stream, &head, &self.shared.terms)
                .filter(|revival| !has_events_for(&prepared.append, &revival.metastream));
            Pending { base: hashed.base, head, revival, items: Box::new(items), appended }
        });
        pending.collect()
    }

    /// The checkpoint of an append, if it moves.
    fn advances<'a>(
        &self,
        prepared: &'a PreparedAppend,
        basis: &Basis,
        view: &View,
    ) -> Option<&'a CheckpointWrite> {
        let checkpoint = prepared.append.checkpoint.as_ref()?;
        let key = StateKey::checkpoint(checkpoint.name.clone());
        let stored = self.stored_state(view, &key, basis).and_then(|stored| stored.checkpoint);
        let has_events = prepared.append.event_count() > 0;
        let progress = rules::decide_checkpoint(checkpoint, stored, has_events).ok()?;
        (progress == Progress::Advance).then_some(checkpoint)
    }

    fn commit_delete(
        &mut self,
        delete: &DeleteStream,
        base: Term,
        basis: &Basis,
        now: Timestamp,
    ) -> Result<Receipt> {
        let known = basis.heads.first().cloned().unwrap_or_default();
        let head = self.unpublished.head(&self.view(), base).unwrap_or(known);
        let terms = self.shared.terms;
        let deletion = match delete.mode {
            DeleteMode::Soft => {
                let metadata = StreamMetadata::deleted();
                let version = head.metadata_last.map_or(Version::FIRST, Version::next);
                Revival::new(&delete.stream, metadata, version, &terms)
            }
            DeleteMode::Tombstone => None,
        };
        let tombstone = NewEvent::tombstone(&delete.stream);
        self.make_room(frame_bytes_at_most([(&delete.stream, &tombstone)].into_iter()))?;
        let revision = self.last_revision;
        let mut draft = self.draft(now);
        match &deletion {
            Some(deletion) => draft.event(deletion.item(), &head),
            None => {
                let mut found_by = Vec::new();
                let (event_type, tags) = (&tombstone.event_type, &tombstone.tags);
                put_terms(&mut found_by, &terms, &delete.stream, event_type, tags, None);
                let item = Item {
                    stream: &delete.stream,
                    term: base,
                    base,
                    event: &tombstone,
                    terms: &found_by,
                    retry: terms.retry(base, tombstone.id),
                    role: Role::Tombstone,
                };
                draft.event(item, &head)
            }
        };
        let added = finish(draft);
        let position = self.count(&added, revision);
        let position = position.ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a deletion was committed without an event")
        })?;
        Ok(Receipt::Deleted(Deleted { position }))
    }

    fn commit_state(&mut self, put: &StatePut, now: Timestamp) -> Result<Receipt> {
        let value = put.value.as_ref().map_or(0, |value| value.len());
        self.make_room(FRAME_HEADER_LEN + state_bytes_at_most(&put.key.name, value))?;
        let revision = self.last_revision + 1;
        let mut draft = self.draft(now);
        draft.state(&put.key, revision, put.value.as_deref());
        let added = finish(draft);
        self.count(&added, revision);
        Ok(Receipt::Put { revision })
    }

    pub(super) fn draft(&mut self, now: Timestamp) -> Draft<'_> {
        self.recorded_at = std::cmp::max(self.recorded_at, now);
        let header = FrameHeader {
            len: 0,
            durable: self.segment.durable(),
            first_position: self.next_position,
            recorded_at: self.recorded_at.as_micros(),
            events: 0,
            states: 0,
        };
        let home = self.segment.next_home();
        let lineage = self.lineage;
        let mut draft = Draft::begin(
            &mut self.segment.buffer,
            self.segment.memory.index.write(),
            self.shared.retry_window.write(),
            &mut self.unpublished,
            self.shared.terms,
            header,
            home,
        );
        if let Some(lineage) = lineage {
            draft.origin(lineage);
        }
        draft
    }

    /// Counts what a frame added, and gives the position of its last event.
    pub(super) fn count(&mut self, added: &Added, revision: u64) -> Option<Position> {
        self.next_position += u64::from(added.events);
        self.streams += added.begun;
        self.last_revision = revision;
        self.descend(added);
        (added.events > 0).then(|| Position::new(self.next_position - 1))
    }
}

impl Pending<'_> {
    /// Puts the next event of the write into the frame; `false` when there is none.
    fn put_next(&mut self, draft: &mut Draft<'_>) -> bool {
        let Some(item) = self.items.next() else { return false };
        self.revive(draft);
        let version = draft.event(item, &self.head);
        self.appended.first_version.get_or_insert(version);
        self.appended.last_version = Some(version);
        true
    }

    /// The answer for a write without events is about the stream as the append leaves it.
    fn answer_check(&mut self, draft: &Draft<'_>) {
        if self.appended.first_version.is_none() {
            let head = draft.head(self.base, &self.head).to_stream_head();
            self.appended.last_version = head.lane(&self.appended.stream).last;
        }
    }

    /// Ends the deletion of the stream, once.
    fn revive(&mut self, draft: &mut Draft<'_>) {
        if let Some(revival) = self.revival.take() {
            draft.event(revival.item(), &self.head);
        }
    }
}

/// Whether an append writes events to a stream.
fn has_events_for(append: &Append, stream: &StreamName) -> bool {
    append.writes.iter().any(|write| write.stream == *stream && !write.events.is_empty())
}

fn role(hashed: &PreparedWrite) -> Role {
    hashed.metadata.as_ref().map_or(Role::Plain, |metadata| Role::Metadata(metadata.clone()))
}

/// What a frame added.
pub(super) struct Added {
    events: u32,
    begun: u64,
    /// Where it stands.
    pub(super) home: Home,
}

pub(super) fn finish(draft: Draft<'_>) -> Added {
    let added = Added { events: draft.header.events, begun: draft.begun, home: draft.home };
    draft.finish();
    added
}
