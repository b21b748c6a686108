//! Rows of `events` as events.
//!
//! The texts and payloads of a row are copied once, into a chunk that the events of a page share:
//! what a row arrives in belongs to the driver. Chunks are small, because whoever keeps one event
//! keeps its chunk.

use annals_core::{
    ContentType, EventId, EventType, Metadata, Position, RecordedEvent, StreamName, Tag, Tags,
    Timestamp, Version,
};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use tokio_postgres::Row;

use crate::{
    text,
    values::{Id, Raw, Texts, Time, number},
};

type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// Bytes that events share at most, unless one alone has more.
const CHUNK_MAX: usize = 16 * 1024;

/// Makes events of the rows of a page.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The stream of rows that name none.
    stream: Option<StreamName>,
    chunk: BytesMut,
    /// The size of the newest chunk. Each is as large as those before it together, so a page of
    /// few events keeps no more than twice its own bytes.
    size: usize,
}

/// The event whose columns begin at `from`, in the order of [`EVENT`](crate::sql::EVENT); `None`
/// in a row that has none.
pub(crate) fn event(row: &Row, from: usize) -> Result<Option<RecordedEvent>> {
    Events::default().take(row, from)
}

impl Events {
    /// Those of one stream, whose rows need not name it.
    pub(crate) fn of(stream: StreamName) -> Self {
        Self { stream: Some(stream), ..Self::default() }
    }

    /// The same as [`event`], for the next row of a page.
    pub(crate) fn take(&mut self, row: &Row, from: usize) -> Result<Option<RecordedEvent>> {
        let at = |column: usize| from + column;
        let Some(Id(id)) = row.try_get(at(1))? else { return Ok(None) };
        let text = |column: usize| row.try_get::<_, Option<Raw<'_>>>(at(column));
        let texts = [text(2)?, text(4)?, text(6)?, text(11)?];
        let payloads = [either(row, at(7))?, either(row, at(9))?];
        let tags: Option<Texts<'_>> = row.try_get(at(12))?;
        let schema_version: Option<i64> = row.try_get(at(5))?;
        let occurred: Option<i64> = row.try_get(at(13))?;
        let Time(recorded_at) = row.try_get(at(14))?;

        let mut parts = self.put(row.raw_size_bytes(), texts.iter().chain(&payloads), tags);
        let [stream, event_type, content_type, correlation] =
            texts.map(|text| text.map(|text| parts.text(text.0.len())));
        let [data, metadata] =
            payloads.map(|bytes| parts.bytes(bytes.map_or(0, |bytes| bytes.0.len())));
        Ok(Some(RecordedEvent {
            id: EventId::from_stored(id),
            stream: stream.map_or_else(|| self.asked(), StreamName::from_stored),
            version: Version::new(number(row.try_get(at(3))?).unwrap_or_default()),
            position: Position::new(number(row.try_get(from)?).unwrap_or_default()),
            event_type: EventType::from_stored(event_type.unwrap_or_default()),
            schema_version: schema_version
                .map_or(1, |form| u32::try_from(form).unwrap_or(u32::MAX)),
            data,
            content_type: content_type.map_or(ContentType::Json, ContentType::from_stored),
            metadata: with_correlation(metadata, correlation),
            tags: tags.map_or_else(Tags::none, |tags| parts.tags(tags)),
            time: occurred.map_or(recorded_at, Timestamp::from_micros),
            recorded_at,
        }))
    }

    fn asked(&self) -> StreamName {
        self.stream.clone().unwrap_or_else(|| StreamName::from_stored(ByteString::new()))
    }

    /// Copies what varies in a row of so many bytes, one after the other.
    fn put<'r>(
        &mut self,
        bytes_max: usize,
        values: impl Iterator<Item = &'r Option<Raw<'r>>>,
        tags: Option<Texts<'_>>,
    ) -> Parts {
        if self.chunk.capacity() < bytes_max {
            self.size = (self.size * 2).clamp(bytes_max, std::cmp::max(bytes_max, CHUNK_MAX));
            self.chunk = BytesMut::with_capacity(self.size);
        }
        for value in values.flatten() {
            self.chunk.extend_from_slice(value.0);
        }
        for tag in tags.into_iter().flatten() {
            self.chunk.extend_from_slice(tag);
        }
        Parts { bytes: self.chunk.split().freeze(), used: 0 }
    }
}

/// The value of a pair of columns of which one at most is filled.
fn either(row: &Row, first: usize) -> Result<Option<Raw<'_>>> {
    match row.try_get(first)? {
        Some(value) => Ok(Some(value)),
        None => row.try_get(first + 1),
    }
}

fn with_correlation(bytes: Bytes, correlation: Option<ByteString>) -> Metadata {
    match correlation {
        Some(correlation) if text::is_replaced(&correlation) => Metadata::new(bytes),
        correlation => Metadata::from_stored(bytes, correlation),
    }
}

/// What varies in an event, taken in the order in which it was put.
struct Parts {
    bytes: Bytes,
    used: usize,
}

impl Parts {
    fn bytes(&mut self, len: usize) -> Bytes {
        let start = self.used;
        self.used += len;
        self.bytes.slice(start..self.used)
    }

    /// PostgreSQL holds only valid UTF-8.
    fn text(&mut self, len: usize) -> ByteString {
        ByteString::try_from(self.bytes(len)).unwrap_or_default()
    }

    fn tags(&mut self, tags: Texts<'_>) -> Tags {
        Tags::from_stored(tags.map(|tag| Tag::from_stored(self.text(tag.len()))).collect())
    }
}
