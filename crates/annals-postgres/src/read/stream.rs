//! Pages of one stream, with what retention leaves of it.

use annals_core::{
    Direction, Position, RecordedEvent, Result, StreamInfo, StreamMetadata, StreamName,
    StreamStatus, Version, rules::StreamHead,
};
use tokio_postgres::{Row, types::ToSql};

use super::row::{self, Events};
use crate::{
    failure::failed,
    pool::Object,
    replicas::{Age, For},
    shared::{Shared, no_store},
    values::{Raw, Time, number, stored},
    write::job::base,
};

/// What to read.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) stream: StreamName,
    pub(crate) direction: Direction,
    /// The lowest and the highest version, both included.
    pub(crate) low: u64,
    pub(crate) high: u64,
    /// At most this many events.
    pub(crate) limit: u64,
}

/// A page, and how the stream stood when it was read.
#[derive(Debug)]
pub(crate) struct StreamPage {
    pub(crate) events: Vec<RecordedEvent>,
    /// The newest position of the store.
    pub(crate) head: Option<Position>,
    pub(crate) last: Option<Version>,
    /// Whether the page ended before the stretch may have.
    pub(crate) is_full: bool,
    pub(crate) is_deleted: bool,
    pub(crate) is_tombstoned: bool,
}

/// Reads a page, from a replica where that will do.
pub(crate) async fn page(shared: &Shared, stretch: &Stretch, purpose: For) -> Result<StreamPage> {
    let age = |page: &StreamPage| Age { head: page.head, is_full: page.is_full };
    shared.page(purpose, |client| page_on(shared, client, stretch), age).await
}

async fn page_on(shared: &Shared, client: Object, stretch: &Stretch) -> Result<StreamPage> {
    let reading = |error| failed("reading a stream", error);
    let sql = match stretch.direction {
        Direction::Forward => &shared.sql.read_stream_forward,
        Direction::Backward => &shared.sql.read_stream_backward,
    };
    let prepared = client.prepare_cached(sql).await.map_err(reading)?;
    let (low, high) = (stored(stretch.low), stored(stretch.high));
    let limit = shared.limit(stretch.limit);
    let values: [&(dyn ToSql + Sync); 5] =
        [&stretch.stream.as_str(), &low, &high, &shared.time(), &stored(limit)];
    let mut events = Events::of(stretch.stream.clone());
    let event = |row: &Row| events.take(row, 4);
    let page = shared.rows(client, &prepared, &values, limit, event).await.map_err(reading)?;
    let first = page.first.ok_or_else(no_store)?;
    let flag = |column| first.get::<_, Option<bool>>(column).unwrap_or_default();
    Ok(StreamPage {
        events: page.items,
        head: number(first.get(0)).map(Position::new),
        last: first.get::<_, Option<i64>>(1).and_then(number).map(Version::new),
        is_full: page.is_full,
        is_deleted: flag(2),
        is_tombstoned: flag(3),
    })
}

/// The event that closes a stream for good.
pub(crate) async fn tombstone(
    shared: &Shared,
    stream: &StreamName,
) -> Result<Option<RecordedEvent>> {
    let reading = |error| failed("reading a stream", error);
    let client = shared.reader().await?;
    let prepared = client.prepare_cached(&shared.sql.tombstone).await.map_err(reading)?;
    let name = base(stream);
    let row = client.query_opt(&prepared, &[&name.as_str()]).await.map_err(reading)?;
    row.map_or(Ok(None), |row| row::event(&row, 0).map_err(reading))
}

/// The newest version of a stream at or before a position of the store, and whether the stream is
/// closed.
pub(crate) async fn newest_of(
    shared: &Shared,
    stream: &StreamName,
    upto: Option<Position>,
) -> Result<(Option<Version>, bool)> {
    let reading = |error| failed("reading a stream", error);
    let upto = upto.map_or(-1, |position| stored(position.get()));
    let client = shared.reader().await?;
    let prepared = client.prepare_cached(&shared.sql.newest_of).await.map_err(reading)?;
    let row = client.query_opt(&prepared, &[&stream.as_str(), &upto]).await.map_err(reading)?;
    Ok(row.map_or((None, false), |row| (number(row.get(1)).map(Version::new), row.get(0))))
}

/// What is known about a stream.
pub(crate) async fn info(shared: &Shared, stream: &StreamName) -> Result<StreamInfo> {
    let reading = |error| failed("looking at a stream", error);
    let client = shared.reader().await?;
    let prepared = client.prepare_cached(&shared.sql.stream_info).await.map_err(reading)?;
    let of = base(stream);
    let row =
        client.query_one(&prepared, &[&stream.as_str(), &of.as_str()]).await.map_err(reading)?;
    let version = |column: usize| row.get::<_, Option<i64>>(column).and_then(number);
    let metadata = row.get::<_, Option<Raw<'_>>>(2);
    let head = StreamHead {
        last: version(0).map(Version::new),
        metadata_last: version(1).map(Version::new),
        metadata: metadata.map(|json| StreamMetadata::parse_stored(json.0).into()),
        is_tombstoned: row.get::<_, Option<bool>>(3).unwrap_or_default(),
    };
    let info = StreamInfo::of(stream, &head);
    let recorded = row.get::<_, Option<Time>>(4).filter(|_| info.status == StreamStatus::Live);
    Ok(StreamInfo { last_recorded_at: recorded.map(|time| time.0), ..info })
}
