//! A group as the arguments of the function `append`: one array for each column.

use std::borrow::Cow;

use annals_core::limits;
use bytes::Bytes;
use serde_json::Value;
use tokio_postgres::types::ToSql;

use super::{
    event_columns::{EventColumns, EventValues, Split},
    group::{Group, Put},
    job::Request,
    rows::Row,
};
use crate::{
    condition,
    values::{Id, Json, Time, stored},
};

/// The rows of `streams`.
#[derive(Default)]
struct RowColumns<'a> {
    stream: Vec<&'a str>,
    category: Vec<Option<&'a str>>,
    want_last: Vec<Option<i64>>,
    want_settings: Vec<Option<i64>>,
    want_live: Vec<bool>,
    count: Vec<i64>,
    first: Vec<Option<i64>>,
    settings_count: Vec<i64>,
    settings: Vec<Option<Json<Bytes>>>,
    before: Vec<Option<i64>>,
    max_count: Vec<Option<i64>>,
    max_age: Vec<Option<i64>>,
    is_deleted: Vec<bool>,
    is_tombstoned: Vec<bool>,
}

/// The writes of keyed state.
#[derive(Default)]
struct PutColumns<'a> {
    /// `None` when there are none.
    kind: Option<Vec<&'a str>>,
    name: Vec<&'a str>,
    want: Vec<Option<i64>>,
    below: Vec<Option<Vec<u8>>>,
    value: Vec<Option<&'a [u8]>>,
}

/// Everything that is sent.
pub(super) struct Columns<'a> {
    rows: RowColumns<'a>,
    /// Of each event: its row, counted from 1, and its place among the new events of its stream.
    row: Vec<i32>,
    place: Vec<Option<i64>>,
    events: EventColumns<'a>,
    puts: PutColumns<'a>,
    retry_stream: Option<Vec<&'a str>>,
    retry_id: Option<Vec<Id>>,
    retry_window: i64,
    conditions: Option<Json<String>>,
    now: Option<Time>,
    channel: &'a str,
}

impl<'a> Columns<'a> {
    pub(super) fn of(group: &'a Group, now: Option<Time>, channel: &'a str) -> Self {
        let mut rows = RowColumns::default();
        group.rows.iter().for_each(|row| rows.push(row));
        let (mut row, mut at) = (Vec::new(), Vec::new());
        let mut events = EventColumns::default();
        for (number, place) in (0..).zip(&group.events) {
            let Some(event) = group.event(place) else { continue };
            row.push(i32::try_from(place.row + 1).unwrap_or(i32::MAX));
            at.push(place.place.map(stored));
            events.push(&group.rows.at(place.row).stream, event, place.forms, number);
        }
        events.sort_tags();
        let retries = Some(&group.retries).filter(|retries| !retries.is_empty());
        let retry_stream = |retries: &'a Retries| retries.iter().map(|(s, _)| s.as_str()).collect();
        let retry_id =
            |retries: &Retries| retries.iter().map(|(_, id)| Id(id.to_bytes())).collect();
        Self {
            rows,
            row,
            place: at,
            events,
            puts: PutColumns::of(&group.puts),
            retry_stream: retries.map(retry_stream),
            retry_id: retries.map(retry_id),
            retry_window: stored(limits::RETRY_WINDOW_EVENTS),
            conditions: conditions(group),
            now,
            channel,
        }
    }

    /// The arguments in the order of the function's parameters.
    #[rustfmt::skip]
    pub(super) fn arguments(&self) -> [&(dyn ToSql + Sync); 42] {
        let (r, e, k) = (&self.rows, &self.events, &self.puts);
        [
            &r.stream, &r.category, &r.want_last, &r.want_settings, &r.want_live, &r.count,
            &r.first, &r.settings_count, &r.settings, &r.before, &r.max_count, &r.max_age,
            &r.is_deleted, &r.is_tombstoned, &self.retry_stream, &self.retry_id,
            &self.retry_window, &self.conditions, &k.kind, &k.name, &k.want, &k.below, &k.value,
            &self.row, &self.place, &e.id, &e.stream, &e.category, &e.event_type, &e.schema_version,
            &e.content_type, &e.data, &e.bytes, &e.metadata, &e.metadata_bytes, &e.correlation,
            &e.tags, &e.occurred, &e.tag, &e.tag_event, &self.now, &self.channel,
        ]
    }
}

/// The arguments of `append_event`.
pub(super) struct OneEvent<'a> {
    stream: &'a str,
    category: Option<&'a str>,
    want_last: Option<i64>,
    may_repeat: bool,
    retry_window: i64,
    conditions: Option<Json<String>>,
    id: Id,
    event_type: &'a str,
    schema_version: i64,
    content_type: Option<&'a str>,
    data: Split<'a>,
    metadata: Split<'a>,
    correlation: Option<Cow<'a, str>>,
    tags: Option<Vec<&'a str>>,
    occurred: Option<i64>,
    now: Option<Time>,
    channel: &'a str,
}

impl<'a> OneEvent<'a> {
    /// The group as one event to one stream, if it is nothing else.
    pub(super) fn of(group: &'a Group, now: Option<Time>, channel: &'a str) -> Option<Self> {
        let [place] = group.events.as_slice() else { return None };
        let mut rows = group.rows.iter();
        let (Some(row), None) = (rows.next(), rows.next()) else { return None };
        let is_plain = row.settings_last.is_none() && row.settings.is_empty() && row.is_live;
        let event = group.event(place).filter(|_| is_plain && group.puts.is_empty())?;
        let columns = EventValues::of(event, place.forms);
        Some(Self {
            stream: row.stream.as_str(),
            category: row.stream.category_str(),
            want_last: row.last,
            may_repeat: !group.retries.is_empty(),
            retry_window: stored(limits::RETRY_WINDOW_EVENTS),
            conditions: conditions(group),
            id: Id(event.id.to_bytes()),
            event_type: event.event_type.as_str(),
            schema_version: i64::from(event.schema_version),
            content_type: columns.content_type,
            data: columns.data,
            metadata: columns.metadata,
            correlation: columns.correlation,
            tags: columns.tags,
            occurred: columns.occurred,
            now,
            channel,
        })
    }

    /// The arguments in the order of the function's parameters.
    #[rustfmt::skip]
    pub(super) fn arguments(&self) -> [&(dyn ToSql + Sync); 19] {
        [
            &self.stream, &self.category, &self.want_last, &self.may_repeat, &self.retry_window,
            &self.conditions, &self.id, &self.event_type, &self.schema_version,
            &self.content_type, &self.data.0, &self.data.1, &self.metadata.0, &self.metadata.1,
            &self.correlation, &self.tags, &self.occurred, &self.now, &self.channel,
        ]
    }
}

type Retries = Vec<(annals_core::StreamName, annals_core::EventId)>;

impl<'a> RowColumns<'a> {
    fn push(&mut self, row: &'a Row) {
        let settings = row.settings.last();
        let number = |number: Option<u64>| number.map(stored);
        self.stream.push(row.stream.as_str());
        self.category.push(row.stream.category_str());
        self.want_last.push(row.last);
        self.want_settings.push(row.settings_last);
        self.want_live.push(row.is_live);
        self.count.push(stored(row.count));
        self.first.push(number(row.first));
        self.settings_count.push(stored(row.settings.len() as u64));
        self.settings.push(settings.map(|settings| Json(settings.to_json())));
        let before = settings.and_then(|settings| settings.truncate_before);
        self.before.push(number(before.map(annals_core::Version::get)));
        // Of settings only the newest are read.
        let newest_only = row.stream.is_metastream().then_some(1);
        let max_count = settings.and_then(|settings| settings.max_count);
        self.max_count.push(newest_only.or(number(max_count)));
        self.max_age.push(number(settings.and_then(|settings| settings.max_age_seconds)));
        self.is_deleted.push(settings.is_some_and(|settings| settings.is_deleted()));
        self.is_tombstoned.push(row.is_tombstoned);
    }
}

impl<'a> PutColumns<'a> {
    fn of(puts: &'a [Put]) -> Self {
        let mut columns = Self::default();
        for put in puts {
            columns.kind.get_or_insert_default().push(put.key.kind.as_str());
            columns.name.push(put.key.name.as_str());
            columns.want.push(put.want);
            columns.below.push(put.below.map(|position| position.get().to_be_bytes().to_vec()));
            columns.value.push(put.value.as_deref());
        }
        columns
    }
}

fn conditions(group: &Group) -> Option<Json<String>> {
    let appends = group.members.iter().filter_map(|member| match &member.job.request {
        Request::Append(append) => Some(append),
        Request::Delete(_) | Request::Put(_) => None,
    });
    let conditions: Vec<Value> =
        appends.flat_map(|append| &append.conditions).map(condition::to_json).collect();
    (!conditions.is_empty()).then(|| Json(Value::Array(conditions).to_string()))
}
