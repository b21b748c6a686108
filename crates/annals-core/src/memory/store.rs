//! The events in memory and every operation on them, one after the other.

use std::collections::{BTreeMap, HashMap};

use crate::{
    Append, Appended, Category, CheckpointWrite, DeleteMode, DeleteStream, Deleted, Direction,
    Error, EventId, NewEvent, Position, ReadAll, ReadStream, RecordedEvent, Result, StateEntry,
    StateKey, StateKind, StatePut, StoreInfo, StreamAppended, StreamInfo, StreamMetadata,
    StreamName, StreamStatus, StreamWrite, Timestamp, Version,
    limits::RETRY_WINDOW_EVENTS,
    rules::{self, Duplicate, Lane, Outcome, Plan, Progress, Retention, StreamHead, Verdict},
};

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) events: Vec<RecordedEvent>,
    /// Places in `events`, in version order. A tombstone is not among them.
    pub(super) streams: HashMap<StreamName, Vec<usize>>,
    /// Names in the order of their first event.
    pub(super) begun: Vec<StreamName>,
    /// By the stream that is not a metastream.
    pub(super) heads: HashMap<StreamName, StreamHead>,
    pub(super) state: BTreeMap<StateKey, StateEntry>,
    pub(super) revision: u64,
    /// When the request came that is being done.
    now: Timestamp,
    /// When the newest thing was written.
    pub(super) recorded_at: Timestamp,
    pub(super) is_closed: bool,
}

/// The stream that a stream's settings belong to.
pub(super) fn base(stream: &StreamName) -> StreamName {
    stream.metastream_of().unwrap_or_else(|| stream.clone())
}

impl Store {
    pub(super) fn newest(&self) -> Option<Position> {
        self.events.last().map(|event| event.position)
    }

    pub(super) fn head_of(&self, stream: &StreamName) -> StreamHead {
        self.heads.get(&base(stream)).cloned().unwrap_or_default()
    }

    pub(super) fn lane(&self, stream: &StreamName) -> Lane {
        self.head_of(stream).lane(stream)
    }

    pub(super) fn append(&mut self, append: Append, now: Timestamp) -> Result<Appended> {
        append.check()?;
        let outcomes = append.writes.iter().map(|write| self.outcome(write)).collect();
        if let Plan::Stored(stored) = rules::plan(&append.writes, outcomes)? {
            return Ok(self.answer_again(&append.writes, &stored));
        }
        self.check_conditions(&append)?;
        let progress = self.progress(&append)?;
        self.now = now;
        let before = self.events.len();
        let streams = self.write_all(append.writes, &append.interleaving);
        let position = self.newest().filter(|_| self.events.len() > before);
        if let (Some(checkpoint), Progress::Advance) = (append.checkpoint, progress) {
            let value = StatePut::checkpoint_value(checkpoint.position);
            self.store_state(StateKey::checkpoint(checkpoint.name), Some(value));
        }
        Ok(Appended { streams, position, duplicate: false })
    }

    fn outcome(&self, write: &StreamWrite) -> Outcome {
        let lane = self.lane(&write.stream);
        match rules::decide(&write.stream, write.expected, lane) {
            Verdict::Reject(error) => Outcome::Refused(error),
            Verdict::AcceptNew => Outcome::Fresh,
            Verdict::Accept => {
                let known = write.events.iter().map(|event| self.recent(&write.stream, event.id));
                rules::resolve_retry(write, lane, known)
            }
            Verdict::Repeat { first, otherwise } => {
                let stored = (first.get()..).zip(&write.events).map(|(version, event)| {
                    let stored = self.at(&write.stream, Version::new(version))?;
                    (stored.id == event.id).then_some((stored.version, stored.position))
                });
                rules::resolve_repeat(write, lane, otherwise, stored)
            }
        }
    }

    fn at(&self, stream: &StreamName, version: Version) -> Option<&RecordedEvent> {
        let place = self.streams.get(stream)?.get(usize::try_from(version.get()).ok()?)?;
        self.events.get(*place)
    }

    /// Where an id stands in the stream, if it is among the store's newest events.
    fn recent(&self, stream: &StreamName, id: EventId) -> Option<(Version, Position)> {
        let window_begins = (self.events.len() as u64).saturating_sub(RETRY_WINDOW_EVENTS);
        let places = self.streams.get(stream)?.iter().rev();
        places
            .filter_map(|place| self.events.get(*place))
            .take_while(|event| event.position.get() >= window_begins)
            .find(|event| event.id == id)
            .map(|event| (event.version, event.position))
    }

    fn answer_again(&self, writes: &[StreamWrite], stored: &[Option<Duplicate>]) -> Appended {
        let streams = writes.iter().zip(stored).map(|(write, duplicate)| StreamAppended {
            stream: write.stream.clone(),
            first_version: duplicate.map(|duplicate| duplicate.first),
            last_version: duplicate
                .map_or_else(|| self.lane(&write.stream).last, |duplicate| Some(duplicate.last)),
        });
        let position = stored.iter().flatten().map(|duplicate| duplicate.position).max();
        Appended { streams: streams.collect(), position, duplicate: true }
    }

    fn check_conditions(&self, append: &Append) -> Result<()> {
        for (number, condition) in append.conditions.iter().enumerate() {
            let from = condition.after.map_or(Position::FIRST, Position::next);
            let read = ReadAll::new(condition.query.clone()).from(from).limit(1);
            if let Some(event) = self.read_all(&read).first() {
                return Err(Error::condition_failed_at(number, event.position));
            }
        }
        Ok(())
    }

    fn progress(&self, append: &Append) -> Result<Progress> {
        let Some(checkpoint) = &append.checkpoint else { return Ok(Progress::Unchanged) };
        let stored = self.checkpoint_of(checkpoint)?;
        rules::decide_checkpoint(checkpoint, stored, append.event_count() > 0)
    }

    fn checkpoint_of(&self, checkpoint: &CheckpointWrite) -> Result<Option<Position>> {
        let entry = self.state.get(&StateKey::checkpoint(checkpoint.name.clone()));
        entry.map(StateEntry::checkpoint_position).transpose()
    }

    /// The time of what is written now. It never goes back, and only writing moves it.
    pub(super) fn tick(&mut self) {
        self.recorded_at = std::cmp::max(self.recorded_at, self.now);
    }

    pub(super) fn delete(&mut self, delete: &DeleteStream, now: Timestamp) -> Result<Deleted> {
        let stream = &delete.stream;
        rules::decide_delete(stream, delete.expected, delete.mode, &self.head_of(stream))?;
        self.now = now;
        let position = Position::new(self.events.len() as u64);
        match (delete.mode, stream.metastream()) {
            (DeleteMode::Soft, Some(metastream)) => {
                self.push_metadata(&metastream, &StreamMetadata::deleted());
            }
            _ => self.push_tombstone(stream),
        }
        Ok(Deleted { position })
    }

    fn push_tombstone(&mut self, stream: &StreamName) {
        self.heads.entry(stream.clone()).or_default().is_tombstoned = true;
        self.record(stream, Version::DELETED, NewEvent::tombstone(stream));
    }

    pub(super) fn tombstone(&self, stream: &StreamName) -> Option<RecordedEvent> {
        let stream = base(stream);
        let is_tombstone =
            |event: &&RecordedEvent| event.version == Version::DELETED && event.stream == stream;
        self.events.iter().rev().find(is_tombstone).cloned()
    }

    pub(super) fn read_stream(
        &self,
        read: &ReadStream,
        now: Timestamp,
    ) -> Result<Vec<RecordedEvent>> {
        let lane = self.lane(&read.stream);
        if lane.is_tombstoned {
            return Err(Error::stream_deleted(&read.stream));
        }
        if lane.last.is_none() || lane.is_soft_deleted {
            return Err(Error::stream_not_found(&read.stream));
        }
        Ok(self.readable(read, now))
    }

    /// The events that retention leaves of a stretch of a stream.
    pub(super) fn readable(&self, read: &ReadStream, now: Timestamp) -> Vec<RecordedEvent> {
        let head = self.head_of(&read.stream);
        let retention = Retention::of(&read.stream, &head, now);
        let (low, high) = match read.direction {
            Direction::Forward => (read.from, read.to),
            Direction::Backward => (read.to, read.from),
        };
        let places = self.streams.get(&read.stream).map(Vec::as_slice).unwrap_or_default();
        let events = places.iter().filter_map(|place| self.events.get(*place)).filter(|event| {
            low.is_none_or(|low| event.version >= low)
                && high.is_none_or(|high| event.version <= high)
                && retention.keeps(event)
        });
        in_direction(events, read.direction, read.limit)
    }

    pub(super) fn read_all(&self, read: &ReadAll) -> Vec<RecordedEvent> {
        let (low, high) = match read.direction {
            Direction::Forward => (read.from, read.to),
            Direction::Backward => (read.to, read.from),
        };
        let events = self.events.iter().filter(|event| {
            low.is_none_or(|low| event.position >= low)
                && high.is_none_or(|high| event.position <= high)
                && read.query.matches(event)
        });
        in_direction(events, read.direction, read.limit)
    }

    pub(super) fn stream_info(&self, stream: &StreamName) -> StreamInfo {
        let info = StreamInfo::of(stream, &self.head_of(stream));
        let last = info.last_version.filter(|_| info.status == StreamStatus::Live);
        let event = last.and_then(|version| self.at(stream, version));
        StreamInfo { last_recorded_at: event.map(|event| event.recorded_at), ..info }
    }

    pub(super) fn streams(&self, category: Option<&Category>) -> Vec<StreamName> {
        let wanted = |stream: &&StreamName| {
            category.is_none_or(|category| stream.category_str() == Some(category.as_str()))
        };
        self.begun.iter().filter(wanted).cloned().collect()
    }

    pub(super) fn state(&self, key: &StateKey) -> Option<&StateEntry> {
        self.state.get(key)
    }

    pub(super) fn put_state(&mut self, put: StatePut, now: Timestamp) -> Result<u64> {
        put.check()?;
        let stored = self.state.get(&put.key).map(|entry| entry.revision);
        rules::decide_state(&put.key, put.expected, stored)?;
        self.now = now;
        Ok(self.store_state(put.key, put.value))
    }

    fn store_state(&mut self, key: StateKey, value: Option<bytes::Bytes>) -> u64 {
        self.tick();
        self.revision += 1;
        let (revision, recorded_at) = (self.revision, self.recorded_at);
        match value {
            Some(value) => {
                let entry = StateEntry { key: key.clone(), revision, value, recorded_at };
                self.state.insert(key, entry);
            }
            None => {
                self.state.remove(&key);
            }
        }
        revision
    }

    pub(super) fn states(&self, kind: StateKind, prefix: &str) -> Vec<StateEntry> {
        let wanted = |key: &StateKey| key.kind == kind && key.name.as_str().starts_with(prefix);
        self.state.iter().filter(|(key, _)| wanted(key)).map(|(_, entry)| entry.clone()).collect()
    }

    pub(super) fn info(&self) -> StoreInfo {
        StoreInfo {
            backend: "memory",
            store_id: None,
            events: self.events.len() as u64,
            streams: self.begun.len() as u64,
            head: self.newest(),
            revision: self.revision,
            bytes: None,
            segments: None,
        }
    }
}

fn in_direction<'a>(
    events: impl DoubleEndedIterator<Item = &'a RecordedEvent>,
    direction: Direction,
    limit: Option<u64>,
) -> Vec<RecordedEvent> {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    match direction {
        Direction::Forward => events.take(limit).cloned().collect(),
        Direction::Backward => events.rev().take(limit).cloned().collect(),
    }
}
