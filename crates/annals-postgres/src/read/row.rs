//! Rows of `events` as events.

use std::ops::Range;

use annals_core::{
    ContentType, EventId, EventType, Metadata, Position, RecordedEvent, StreamName, Tag, Tags,
    Timestamp, Version,
};
use bytes::Bytes;
use bytestring::ByteString;
use tokio_postgres::Row;

use crate::{
    text,
    values::{Id, Raw, Time, number},
};

type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// The event whose columns begin at `from`, in the order of [`EVENT`](crate::sql::EVENT); `None`
/// where an outer join found none.
pub(crate) fn event(row: &Row, from: usize) -> Result<Option<RecordedEvent>> {
    let Some(position) = row.try_get::<_, Option<i64>>(from)? else { return Ok(None) };
    let at = |column: usize| from + column;
    let mut buffer = Buffer::with_capacity(row.raw_size_bytes());
    let stream = buffer.put(row.try_get(at(2))?);
    let event_type = buffer.put(row.try_get(at(4))?);
    let content_type = row.try_get::<_, Option<Raw<'_>>>(at(6))?.map(|text| buffer.put(text));
    let data = either(row, at(7))?.map(|data| buffer.put(data)).unwrap_or_default();
    let metadata = either(row, at(9))?.map(|metadata| buffer.put(metadata)).unwrap_or_default();
    let correlation = row.try_get::<_, Option<Raw<'_>>>(at(11))?.map(|text| buffer.put(text));
    let tags: Option<Vec<&str>> = row.try_get(at(12))?;
    let tags: Vec<Range<usize>> =
        tags.into_iter().flatten().map(|tag| buffer.put(Raw(tag.as_bytes()))).collect();
    let occurred: Option<i64> = row.try_get(at(13))?;
    let Time(recorded_at) = row.try_get(at(14))?;
    let Id(id) = row.try_get(at(1))?;
    let buffer = buffer.finish();
    Ok(Some(RecordedEvent {
        id: EventId::from_stored(id),
        stream: StreamName::from_stored(buffer.text(stream)),
        version: Version::new(number(row.try_get(at(3))?).unwrap_or_default()),
        position: Position::new(number(position).unwrap_or_default()),
        event_type: EventType::from_stored(buffer.text(event_type)),
        schema_version: u32::try_from(row.try_get::<_, i64>(at(5))?).unwrap_or(u32::MAX),
        data: buffer.bytes(data),
        content_type: content_type.map_or(ContentType::Json, |content_type| {
            ContentType::from_stored(buffer.text(content_type))
        }),
        metadata: buffer.metadata(metadata, correlation),
        tags: Tags::from_stored(
            tags.into_iter().map(|tag| Tag::from_stored(buffer.text(tag))).collect(),
        ),
        time: occurred.map_or(recorded_at, Timestamp::from_micros),
        recorded_at,
    }))
}

/// The value of a pair of columns of which one at most is filled.
fn either(row: &Row, first: usize) -> Result<Option<Raw<'_>>> {
    match row.try_get(first)? {
        Some(value) => Ok(Some(value)),
        None => row.try_get(first + 1),
    }
}

/// The variable parts of one event, in one allocation that its fields share.
struct Buffer(Vec<u8>);

struct Parts(Bytes);

impl Buffer {
    fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    fn put(&mut self, value: Raw<'_>) -> Range<usize> {
        let start = self.0.len();
        self.0.extend_from_slice(value.0);
        start..self.0.len()
    }

    fn finish(self) -> Parts {
        Parts(Bytes::from(self.0))
    }
}

impl Parts {
    fn bytes(&self, range: Range<usize>) -> Bytes {
        self.0.slice(range)
    }

    /// PostgreSQL holds only valid UTF-8.
    fn text(&self, range: Range<usize>) -> ByteString {
        ByteString::try_from(self.bytes(range)).unwrap_or_default()
    }

    fn metadata(&self, bytes: Range<usize>, correlation: Option<Range<usize>>) -> Metadata {
        let bytes = self.bytes(bytes);
        match correlation.map(|correlation| self.text(correlation)) {
            Some(correlation) if text::is_replaced(&correlation) => Metadata::new(bytes),
            correlation => Metadata::from_stored(bytes, correlation),
        }
    }
}
