//! A group: requests of many callers that go to the database in one call.
//!
//! A request joins when what it expects can be put into words that do not depend on how the call
//! turns out for others. Whatever cannot waits for the next group.

use std::{collections::HashSet, ops::Range, sync::Arc};

use annals_core::{
    Append, DeleteMode, DeleteStream, EventId, ExpectedVersion, NewEvent, Position, Query,
    StateExpected, StateKey, StatePut, StreamMetadata, StreamName, StreamWrite, Version,
    rules::StreamHead,
};

use super::{
    job::{Heads, Job, Request, Stage, base, wanted},
    payload::{Form, Forms},
    rows::{NONE, Row, Rows, SOME},
};
use crate::values::stored;

/// Most requests in one call.
const JOBS_MAX: usize = 1_024;
/// Most events in one call, unless a single request has more.
const EVENTS_MAX: usize = 8_192;
/// Most bytes in one call, unless a single request has more.
const BYTES_MAX: usize = 8 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) members: Vec<Member>,
    pub(super) rows: Rows,
    pub(super) events: Vec<Place>,
    pub(super) puts: Vec<Put>,
    /// The first events of writes that may be retries.
    pub(super) retries: Vec<(StreamName, EventId)>,
    ids: HashSet<EventId>,
    keys: HashSet<StateKey>,
    condition_count: usize,
    bytes: usize,
}

/// A request in a group.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) job: Box<Job>,
    /// Events that the store writes for it.
    pub(super) own: Vec<NewEvent>,
    /// Its events among those of the group.
    pub(super) events: Range<usize>,
    /// For each write, where its events stand.
    pub(super) writes: Vec<Written>,
    /// Its conditions among those of the group.
    pub(super) conditions: Range<usize>,
    /// Its last write of keyed state, from 1.
    pub(super) put: Option<usize>,
}

/// Where the events of a write stand among the new events of its stream.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) row: usize,
    pub(super) places: Range<u64>,
}

/// One event in the order of the group.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) member: usize,
    pub(super) source: Source,
    pub(super) row: usize,
    /// Its place among the new events of its stream, `None` for a tombstone.
    pub(super) place: Option<u64>,
    pub(super) forms: Forms,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// The event of a write.
    Write { write: usize, event: usize },
    /// One that the store writes.
    Own(usize),
}

/// A write of keyed state.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) key: StateKey,
    /// The revision it must have, -1 for none.
    pub(super) want: Option<i64>,
    /// What a checkpoint must be below.
    pub(super) below: Option<Position>,
    pub(super) value: Option<bytes::Bytes>,
}

impl Group {
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes a request in, or gives it back for the next group.
    pub(super) fn admit(&mut self, job: Box<Job>) -> Result<(), Box<Job>> {
        if !self.has_room(&job) || self.is_bound(&job) {
            return Err(job);
        }
        self.bytes += job.bytes;
        let heads = match &job.stage {
            Stage::Known(heads) => Some(Arc::clone(heads)),
            Stage::Blind | Stage::Unknown => None,
        };
        let mut member = Member {
            own: Vec::new(),
            events: self.events.len()..self.events.len(),
            writes: Vec::new(),
            conditions: self.condition_count..self.condition_count,
            put: None,
            job,
        };
        self.plan(&mut member, heads.as_deref());
        member.events.end = self.events.len();
        self.members.push(member);
        Ok(())
    }

    /// The event at a place.
    pub(super) fn event(&self, place: &Place) -> Option<&NewEvent> {
        let member = self.members.get(place.member)?;
        match place.source {
            Source::Own(index) => member.own.get(index),
            Source::Write { write, event } => match &member.job.request {
                Request::Append(append) => append.writes.get(write)?.events.get(event),
                _ => None,
            },
        }
    }

    fn has_room(&self, job: &Job) -> bool {
        let is_taken = self.members.first().is_some_and(|member| member.job.is_alone);
        self.members.is_empty()
            || (!is_taken
                && !job.is_alone
                && self.members.len() < JOBS_MAX
                && self.events.len() + job.event_count() <= EVENTS_MAX
                && self.bytes + job.bytes <= BYTES_MAX)
    }

    /// Whether what becomes of a request depends on another one in the group.
    fn is_bound(&self, job: &Job) -> bool {
        match (&job.request, &job.stage) {
            (Request::Put(put), _) => self.keys.contains(&put.key),
            (_, Stage::Unknown) => true,
            (Request::Delete(_), _) => self.touches(job),
            (Request::Append(append), Stage::Known(_)) => self.touches(job) || self.repeats(append),
            (Request::Append(append), Stage::Blind) => {
                self.repeats(append) || append.writes.iter().any(|write| self.is_write_bound(write))
            }
        }
    }

    fn touches(&self, job: &Job) -> bool {
        job.streams().iter().any(|stream| self.rows.get(stream).is_some())
    }

    /// Whether ids, the checkpoint or a condition meet those of others.
    fn repeats(&self, append: &Append) -> bool {
        let checkpoint = append.checkpoint.as_ref();
        let has_key =
            checkpoint.is_some_and(|c| self.keys.contains(&StateKey::checkpoint(c.name.clone())));
        let is_known = |event: &NewEvent| self.ids.contains(&event.id);
        has_key
            || append.writes.iter().flat_map(|write| &write.events).any(is_known)
            || append.conditions.iter().any(|condition| self.violates(&condition.query))
    }

    /// Whether an event of the group matches a query. They are not there yet when the database
    /// looks at conditions.
    fn violates(&self, query: &Query) -> bool {
        self.events.iter().any(|place| {
            self.event(place)
                .is_some_and(|event| query.matches_new(&self.rows.at(place.row).stream, event))
        })
    }

    fn is_write_bound(&self, write: &StreamWrite) -> bool {
        let Some(row) = self.rows.get(&write.stream) else { return false };
        let fits = match write.expected {
            ExpectedVersion::Any => true,
            ExpectedVersion::StreamExists => row.count > 0 || row.last == Some(SOME),
            ExpectedVersion::NoStream => row.last_now() == Some(NONE),
            ExpectedVersion::Exact(version) => row.last_now() == Some(stored(version.get())),
        };
        !row.is_shared || !fits
    }

    fn plan(&mut self, member: &mut Member, heads: Option<&Heads>) {
        // Taken out, because the events are found through the member later.
        let request =
            std::mem::replace(&mut member.job.request, Request::Append(Append::default()));
        match &request {
            Request::Append(append) => self.plan_append(member, append, heads),
            Request::Delete(delete) => self.plan_delete(member, delete, heads),
            Request::Put(put) => self.plan_put(member, put),
        }
        member.job.request = request;
    }

    fn plan_append(&mut self, member: &mut Member, append: &Append, heads: Option<&Heads>) {
        for write in &append.writes {
            self.want_write(member, write, heads);
        }
        let mut taken = vec![0_usize; append.writes.len()];
        let in_order = append.interleaving.iter().map(|index| *index as usize);
        let rest = (0..append.writes.len())
            .flat_map(|index| std::iter::repeat_n(index, append.writes[index].events.len()));
        for index in in_order.chain(rest) {
            let (Some(write), Some(taken)) = (append.writes.get(index), taken.get_mut(index))
            else {
                continue;
            };
            if *taken == write.events.len() {
                continue;
            }
            if *taken == 0 {
                self.bring_back(member, write, append, heads);
            }
            self.place_write(member, index, *taken, write);
            *taken += 1;
        }
        for write in append.writes.iter().filter(|write| write.events.is_empty()) {
            self.bring_back(member, write, append, heads);
        }
        // A check is answered as the append leaves the stream.
        for (write, written) in append.writes.iter().zip(&mut member.writes) {
            if write.events.is_empty() {
                let count = self.rows.at(written.row).count;
                written.places = count..count;
            }
        }
        if let Some(checkpoint) = &append.checkpoint {
            let key = StateKey::checkpoint(checkpoint.name.clone());
            let value = Some(StatePut::checkpoint_value(checkpoint.position));
            self.put(member, Put { key, want: None, below: Some(checkpoint.position), value });
        }
        self.condition_count += append.conditions.len();
        member.conditions.end = self.condition_count;
    }

    /// What must hold for a write.
    fn want_write(&mut self, member: &mut Member, write: &StreamWrite, heads: Option<&Heads>) {
        let of = base(&write.stream);
        match heads.and_then(|heads| heads.get(&of)) {
            Some(head) => {
                want_exactly(self.rows.entry(&of).1, head);
                if write.stream.is_metastream() {
                    let metadata_last = head.metadata_last;
                    self.rows.entry(&write.stream).1.last = Some(version_or_none(metadata_last));
                }
            }
            None => {
                let (_, row) = self.rows.entry(&write.stream);
                row.is_live = true;
                let is_open = row.last.is_none() && row.count == 0;
                if is_open {
                    row.last = wanted(write.expected);
                }
                let can_be_retry =
                    matches!(write.expected, ExpectedVersion::Any | ExpectedVersion::StreamExists);
                if let Some(first) = write.events.first().filter(|_| can_be_retry) {
                    self.retries.push((write.stream.clone(), first.id));
                }
            }
        }
        let (row, entry) = self.rows.entry(&write.stream);
        member.writes.push(Written { row, places: entry.count..entry.count });
    }

    fn place_write(
        &mut self,
        member: &mut Member,
        index: usize,
        event: usize,
        write: &StreamWrite,
    ) {
        let forms = member.job.forms.get(index).and_then(|forms| forms.get(event));
        let forms = forms.copied().unwrap_or(Forms::BYTES);
        let Some(new) = write.events.get(event) else { return };
        let place = self.place(&write.stream, Source::Write { write: index, event }, forms);
        self.ids.insert(new.id);
        if let Some(written) = member.writes.get_mut(index) {
            if event == 0 {
                written.places.start = place;
            }
            written.places.end = place + 1;
        }
        if let Some(of) = write.stream.metastream_of() {
            let metadata = Arc::new(StreamMetadata::parse_stored(&new.data));
            self.rows.entry(&of).1.settings.push(metadata);
        }
    }

    /// Puts an event at the end of the group; its place among the new events of its stream.
    fn place(&mut self, stream: &StreamName, source: Source, forms: Forms) -> u64 {
        let number = self.events.len() as u64 + 1;
        let member = self.members.len();
        let (row, entry) = self.rows.entry(stream);
        entry.first.get_or_insert(number);
        let place = entry.count;
        entry.count += 1;
        self.events.push(Place { member, source, row, place: Some(place), forms });
        place
    }

    /// Ends the deletion of a stream that is written to, unless the same append has settings for
    /// it: then those decide.
    fn bring_back(
        &mut self,
        member: &mut Member,
        write: &StreamWrite,
        append: &Append,
        heads: Option<&Heads>,
    ) {
        let Some(metastream) = write.stream.metastream() else { return };
        let Some(head) = heads.and_then(|heads| heads.get(&write.stream)) else { return };
        let has_settings = append
            .writes
            .iter()
            .any(|other| other.stream == metastream && !other.events.is_empty());
        if has_settings {
            return;
        }
        if let Some(metadata) = head.undelete() {
            self.place_settings(member, &metastream, head, metadata);
        }
    }

    /// Puts settings that the store writes at the end of the group.
    fn place_settings(
        &mut self,
        member: &mut Member,
        metastream: &StreamName,
        head: &StreamHead,
        metadata: StreamMetadata,
    ) {
        let version = head.metadata_last.map_or(Version::FIRST, Version::next);
        let event = metadata.to_event(EventId::of_store(metastream, version));
        let source = Source::Own(member.own.len());
        member.own.push(event);
        self.rows.entry(metastream).1.last = Some(version_or_none(head.metadata_last));
        self.place(metastream, source, Forms { data: Form::Json, metadata: Form::Bytes });
        if let Some(of) = metastream.metastream_of() {
            self.rows.entry(&of).1.settings.push(Arc::new(metadata));
        }
    }

    fn plan_delete(&mut self, member: &mut Member, delete: &DeleteStream, heads: Option<&Heads>) {
        let Some(head) = heads.and_then(|heads| heads.get(&delete.stream)) else { return };
        want_exactly(self.rows.entry(&delete.stream).1, head);
        let Some(metastream) = delete.stream.metastream() else { return };
        if delete.mode == DeleteMode::Soft {
            self.place_settings(member, &metastream, head, StreamMetadata::deleted());
            return;
        }
        let source = Source::Own(member.own.len());
        member.own.push(NewEvent::tombstone(&delete.stream));
        let (member, forms) = (self.members.len(), Forms::BYTES);
        self.rows.entry(&metastream).1.is_tombstoned = true;
        let (row, entry) = self.rows.entry(&delete.stream);
        entry.is_tombstoned = true;
        self.events.push(Place { member, source, row, place: None, forms });
    }

    fn plan_put(&mut self, member: &mut Member, put: &StatePut) {
        let want = match put.expected {
            StateExpected::Any => None,
            StateExpected::Absent => Some(NONE),
            StateExpected::Revision(revision) => Some(stored(revision)),
        };
        let (key, value) = (put.key.clone(), put.value.clone());
        self.put(member, Put { key, want, below: None, value });
    }

    fn put(&mut self, member: &mut Member, put: Put) {
        self.keys.insert(put.key.clone());
        self.puts.push(put);
        member.put = Some(self.puts.len());
    }
}

/// The row must be just as it was looked at, and nobody else may touch it.
fn want_exactly(row: &mut Row, head: &StreamHead) {
    row.last = Some(version_or_none(head.last));
    row.settings_last = Some(version_or_none(head.metadata_last));
    row.is_shared = false;
}

fn version_or_none(version: Option<Version>) -> i64 {
    version.map_or(NONE, |version| stored(version.get()))
}
