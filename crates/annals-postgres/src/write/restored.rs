//! What is restored as the arguments of the function `restore`: one array for each column.

use std::collections::HashMap;

use annals_core::{
    NewEvent, Position, RecordedEvent, RecordedState, Restore, StateKey, StreamMetadata,
    StreamName, Timestamp, Version, rules::StoreEnd,
};
use bytes::Bytes;
use tokio_postgres::types::ToSql;

use super::{event_columns::EventColumns, payload::Forms, restore::before};
use crate::values::{Json, Time, stored};

/// Everything that is sent.
pub(super) struct Columns<'a> {
    want_head: i64,
    want_revision: i64,
    want_recorded_at: Time,
    streams: StreamColumns,
    events: EventColumns<'a>,
    version: Vec<i64>,
    created: Vec<Time>,
    begun: i64,
    states: StateColumns<'a>,
    new_revision: i64,
    new_recorded_at: Time,
    channel: &'a str,
}

/// The rows of `streams`.
#[derive(Default)]
struct StreamColumns {
    stream: Vec<String>,
    category: Vec<Option<String>>,
    last: Vec<Option<i64>>,
    first: Vec<Option<i64>>,
    settings: Vec<Option<Json<Bytes>>>,
    settings_version: Vec<Option<i64>>,
    before: Vec<Option<i64>>,
    max_count: Vec<Option<i64>>,
    max_age: Vec<Option<i64>>,
    is_deleted: Vec<bool>,
    is_tombstoned: Vec<bool>,
}

/// The writes of keyed state.
#[derive(Default)]
struct StateColumns<'a> {
    kind: Vec<&'a str>,
    name: Vec<&'a str>,
    value: Vec<Option<&'a [u8]>>,
    revision: Vec<i64>,
    recorded: Vec<Time>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(
        restore: &'a Restore,
        new: &'a [NewEvent],
        forms: &[Forms],
        end: StoreEnd,
        channel: &'a str,
    ) -> Self {
        let mut events = EventColumns::default();
        for (number, ((event, new), forms)) in (0..).zip(restore.events.iter().zip(new).zip(forms))
        {
            events.push(&event.stream, new, *forms, number);
        }
        events.sort_tags();
        let begins = |event: &&RecordedEvent| event.version == Version::FIRST;
        let mut newest = restore.events.last().map_or(end.recorded_at, |event| event.recorded_at);
        let states = StateColumns::of(&restore.states, &mut newest);
        let revision = restore.states.last().map_or(end.revision, |state| state.revision);
        Self {
            want_head: before(end.next),
            want_revision: stored(end.revision),
            want_recorded_at: Time(end.recorded_at),
            streams: StreamColumns::of(&restore.events),
            events,
            version: restore.events.iter().map(|event| stored(event.version.get())).collect(),
            created: restore.events.iter().map(|event| Time(event.recorded_at)).collect(),
            begun: stored(restore.events.iter().filter(begins).count() as u64),
            states,
            new_revision: stored(revision),
            new_recorded_at: Time(newest),
            channel,
        }
    }

    /// The arguments in the order of the function's parameters.
    #[rustfmt::skip]
    pub(super) fn arguments(&self) -> [&(dyn ToSql + Sync); 40] {
        let (s, e, k) = (&self.streams, &self.events, &self.states);
        [
            &self.want_head, &self.want_revision, &self.want_recorded_at,
            &s.stream, &s.category, &s.last, &s.first, &s.settings, &s.settings_version,
            &s.before, &s.max_count, &s.max_age, &s.is_deleted, &s.is_tombstoned,
            &e.id, &e.stream, &e.category, &self.version, &e.event_type, &e.schema_version,
            &e.content_type, &e.data, &e.bytes, &e.metadata, &e.metadata_bytes, &e.correlation,
            &e.tags, &e.occurred, &self.created, &e.tag, &e.tag_event, &self.begun,
            &k.kind, &k.name, &k.value, &k.revision, &k.recorded,
            &self.new_revision, &self.new_recorded_at, &self.channel,
        ]
    }
}

/// A stream as the events leave it; `None` where they leave something as it was.
#[derive(Default)]
struct Touched {
    last: Option<Version>,
    first: Option<Position>,
    settings: Option<(Version, StreamMetadata)>,
    is_tombstoned: bool,
}

/// The streams that events touch, in the order of their first mention.
#[derive(Default)]
struct Streams {
    rows: Vec<(StreamName, Touched)>,
    places: HashMap<StreamName, usize>,
}

impl Streams {
    fn of(events: &[RecordedEvent]) -> Self {
        let mut streams = Self::default();
        for event in events {
            streams.add(event);
        }
        streams
    }

    fn entry(&mut self, stream: &StreamName) -> &mut Touched {
        let next = self.rows.len();
        let place = *self.places.entry(stream.clone()).or_insert(next);
        if place == next {
            self.rows.push((stream.clone(), Touched::default()));
        }
        &mut self.rows[place].1
    }

    fn add(&mut self, event: &RecordedEvent) {
        let row = self.entry(&event.stream);
        if event.version == Version::DELETED {
            row.is_tombstoned = true;
            if let Some(metastream) = event.stream.metastream() {
                self.entry(&metastream).is_tombstoned = true;
            }
            return;
        }
        row.last = Some(event.version);
        if event.version == Version::FIRST {
            row.first = Some(event.position);
        }
        if let Some(of) = event.stream.metastream_of() {
            let metadata = StreamMetadata::parse_stored(&event.data);
            self.entry(&of).settings = Some((event.version, metadata));
        }
    }
}

impl StreamColumns {
    fn of(events: &[RecordedEvent]) -> Self {
        let mut columns = Self::default();
        for (stream, touched) in Streams::of(events).rows {
            columns.push(&stream, touched);
        }
        columns
    }

    fn push(&mut self, stream: &StreamName, touched: Touched) {
        let number = |number: Option<u64>| number.map(stored);
        let (version, settings) = touched.settings.unzip();
        self.stream.push(stream.as_str().to_owned());
        self.category.push(stream.category_str().map(ToOwned::to_owned));
        self.last.push(number(touched.last.map(Version::get)));
        self.first.push(number(touched.first.map(Position::get)));
        self.settings_version.push(number(version.map(Version::get)));
        let before = settings.as_ref().and_then(|settings| settings.truncate_before);
        self.before.push(number(before.map(Version::get)));
        // Of settings only the newest are read.
        let newest_only = stream.is_metastream().then_some(1);
        let max_count = settings.as_ref().and_then(|settings| settings.max_count);
        self.max_count.push(newest_only.or(number(max_count)));
        self.max_age.push(number(settings.as_ref().and_then(|settings| settings.max_age_seconds)));
        self.is_deleted.push(settings.as_ref().is_some_and(StreamMetadata::is_deleted));
        self.settings.push(settings.map(|settings| Json(settings.to_json())));
        self.is_tombstoned.push(touched.is_tombstoned);
    }
}

impl<'a> StateColumns<'a> {
    /// Each piece once, as its newest write leaves it. `newest` is the time of the store.
    fn of(states: &'a [RecordedState], newest: &mut Timestamp) -> Self {
        let mut columns = Self::default();
        let mut places: HashMap<&StateKey, usize> = HashMap::new();
        for state in states {
            *newest = std::cmp::max(*newest, state.recorded_at);
            let next = columns.kind.len();
            let place = *places.entry(&state.key).or_insert(next);
            if place == next {
                columns.kind.push(state.key.kind.as_str());
                columns.name.push(state.key.name.as_str());
                columns.value.push(None);
                columns.revision.push(0);
                columns.recorded.push(Time(*newest));
            }
            columns.value[place] = state.value.as_deref();
            columns.revision[place] = stored(state.revision);
            columns.recorded[place] = Time(*newest);
        }
        columns
    }
}
