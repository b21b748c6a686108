//! Looking at what decides about requests, when taking it for granted was not enough.

use std::{collections::HashMap, sync::Arc};

use annals_core::{
    EventId, Name, Position, StateKey, StateKind, StreamMetadata, StreamName, Version, limits,
    rules::{StreamHead, Verdict, decide},
};
use bytes::Bytes;
use bytestring::ByteString;
use tokio_postgres::Row;

use super::job::{Heads, Job, Request, base};
use crate::{
    link::Link,
    sql::Sql,
    values::{Id, Raw, number, stored},
};

type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) heads: Arc<Heads>,
    /// Events at versions where repeated writes would stand.
    pub(super) at_version: HashMap<(StreamName, Version), (EventId, Position)>,
    /// Events among the store's newest, by id.
    pub(super) by_id: HashMap<(StreamName, EventId), (Version, Position)>,
    /// Keyed state: revision and value.
    pub(super) state: HashMap<StateKey, (u64, Bytes)>,
}

/// Looks at the streams of the requests.
pub(super) async fn heads<'a>(
    link: &Link,
    sql: &Sql,
    jobs: impl Iterator<Item = &'a Job>,
) -> Result<Arc<Heads>> {
    let streams: Vec<StreamName> = jobs.flat_map(Job::streams).collect();
    let names: Vec<&str> = streams.iter().map(StreamName::as_str).collect();
    let rows = link.query(&link.prepare_cached(&sql.heads).await?, &[&names]).await?;
    let mut heads: Heads = streams.iter().map(|s| (s.clone(), StreamHead::default())).collect();
    for row in &rows {
        heads.extend([head_of(row)]);
    }
    Ok(Arc::new(heads))
}

/// A stream and how it stands, from a row of the statement `heads`.
pub(super) fn head_of(row: &Row) -> (StreamName, StreamHead) {
    (name(row.get(0)), head(row))
}

fn head(row: &Row) -> StreamHead {
    let version = |stored: Option<i64>| stored.and_then(number).map(Version::new);
    let metadata: Option<Raw<'_>> = row.get(3);
    StreamHead {
        last: version(row.get(1)),
        metadata_last: version(row.get(2)),
        metadata: metadata.map(|json| Arc::new(StreamMetadata::parse_stored(json.0))),
        is_tombstoned: row.get(4),
    }
}

fn name(text: &str) -> StreamName {
    StreamName::from_stored(ByteString::from(text))
}

impl Looked {
    /// Looks at everything that decides about the requests.
    pub(super) async fn at<'a>(
        link: &Link,
        sql: &Sql,
        jobs: impl Iterator<Item = &'a Job> + Clone,
    ) -> Result<Self> {
        let heads = heads(link, sql, jobs.clone()).await?;
        let asked = Asked::of(jobs, &heads);
        let mut looked = Self { heads, ..Self::default() };
        if !asked.ids.is_empty() {
            looked.find_ids(link, sql, &asked).await?;
        }
        if !asked.repeat_streams.is_empty() {
            looked.find_versions(link, sql, &asked).await?;
        }
        if !asked.keys.is_empty() {
            looked.find_state(link, sql, &asked).await?;
        }
        Ok(looked)
    }

    async fn find_ids(&mut self, link: &Link, sql: &Sql, asked: &Asked<'_>) -> Result<()> {
        let window = stored(limits::RETRY_WINDOW_EVENTS);
        for row in
            link.query(&link.prepare_cached(&sql.by_id).await?, &[&asked.ids, &window]).await?
        {
            let Id(id) = row.get(1);
            let place = (version(row.get(2)), position(row.get(3)));
            self.by_id.insert((name(row.get(0)), EventId::from_stored(id)), place);
        }
        Ok(())
    }

    async fn find_versions(&mut self, link: &Link, sql: &Sql, asked: &Asked<'_>) -> Result<()> {
        let arguments: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&asked.repeat_streams, &asked.repeat_first, &asked.repeat_count];
        for row in link.query(&link.prepare_cached(&sql.at_version).await?, &arguments).await? {
            let Id(id) = row.get(1);
            let event = (EventId::from_stored(id), position(row.get(3)));
            self.at_version.insert((name(row.get(0)), version(row.get(2))), event);
        }
        Ok(())
    }

    async fn find_state(&mut self, link: &Link, sql: &Sql, asked: &Asked<'_>) -> Result<()> {
        let kinds: Vec<&str> = asked.keys.iter().map(|key| key.kind.as_str()).collect();
        let names: Vec<&str> = asked.keys.iter().map(|key| key.name.as_str()).collect();
        for row in
            link.query(&link.prepare_cached(&sql.state_of_all).await?, &[&kinds, &names]).await?
        {
            let kind =
                StateKind::ALL.into_iter().find(|kind| kind.as_str() == row.get::<_, &str>(0));
            let Some(kind) = kind else { continue };
            let name = Name::from_stored(ByteString::from(row.get::<_, &str>(1)));
            let revision = number(row.get(2)).unwrap_or_default();
            let value: &[u8] = row.get(3);
            self.state.insert(StateKey { kind, name }, (revision, Bytes::copy_from_slice(value)));
        }
        Ok(())
    }
}

/// What has to be looked up.
#[derive(Default)]
struct Asked<'a> {
    /// Ids that may be among the newest.
    ids: Vec<Id>,
    /// Stretches of streams where repeated writes would stand.
    repeat_streams: Vec<&'a str>,
    repeat_first: Vec<i64>,
    repeat_count: Vec<i64>,
    keys: Vec<StateKey>,
}

impl<'a> Asked<'a> {
    fn of(jobs: impl Iterator<Item = &'a Job>, heads: &Heads) -> Self {
        let mut asked = Self::default();
        for job in jobs {
            match &job.request {
                Request::Append(append) => {
                    append.writes.iter().for_each(|write| asked.write(write, heads));
                    let checkpoint = append.checkpoint.iter();
                    asked.keys.extend(checkpoint.map(|c| StateKey::checkpoint(c.name.clone())));
                }
                Request::Put(put) => asked.keys.push(put.key.clone()),
                Request::Delete(_) => {}
            }
        }
        asked
    }

    fn write(&mut self, write: &'a annals_core::StreamWrite, heads: &Heads) {
        let Some(head) = heads.get(&base(&write.stream)) else { return };
        match decide(&write.stream, write.expected, head.lane(&write.stream)) {
            Verdict::Accept => {
                self.ids.extend(write.events.iter().map(|event| Id(event.id.to_bytes())));
            }
            Verdict::Repeat { first, .. } => {
                self.repeat_streams.push(write.stream.as_str());
                self.repeat_first.push(stored(first.get()));
                self.repeat_count.push(stored(write.events.len() as u64));
            }
            Verdict::AcceptNew | Verdict::Reject(_) => {}
        }
    }
}

fn version(stored: i64) -> Version {
    Version::new(number(stored).unwrap_or_default())
}

fn position(stored: i64) -> Position {
    Position::new(number(stored).unwrap_or_default())
}
