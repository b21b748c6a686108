//! Appends as bytes.

use annals_core::{
    Append, AppendCondition, Category, CheckpointWrite, ContentType, EventId, EventType, Metadata,
    Name, NewEvent, Position, Query, QueryItem, StreamName, StreamSelector, StreamWrite, Tag, Tags,
    Timestamp,
};

use super::{
    Damaged, is_present, put_count, put_expected, put_optional, read_expected, read_list,
    read_optional,
};
use crate::format::cursor::{Cursor, put_bytes, put_varint, unzigzag, zigzag};

pub(super) fn put(out: &mut Vec<u8>, append: &Append) {
    put_count(out, append.writes.len());
    for write in &append.writes {
        put_bytes(out, write.stream.as_str().as_bytes());
        put_expected(out, write.expected);
        put_count(out, write.events.len());
        for event in &write.events {
            put_event(out, event);
        }
    }
    put_count(out, append.interleaving.len());
    for index in &append.interleaving {
        put_varint(out, u64::from(*index));
    }
    put_count(out, append.conditions.len());
    for condition in &append.conditions {
        put_query(out, &condition.query);
        put_position(out, condition.after);
    }
    match &append.checkpoint {
        None => out.push(super::ABSENT),
        Some(checkpoint) => {
            out.push(super::PRESENT);
            put_bytes(out, checkpoint.name.as_str().as_bytes());
            put_varint(out, checkpoint.position.get());
        }
    }
}

pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Append, Damaged> {
    let writes = read_list(cursor, |cursor| {
        let stream = StreamName::from_stored(cursor.text()?);
        let expected = read_expected(cursor)?;
        Ok(StreamWrite { stream, expected, events: read_list(cursor, read_event)? })
    })?;
    let interleaving = read_list(cursor, Cursor::varint_u32)?;
    let conditions = read_list(cursor, |cursor| {
        Ok(AppendCondition { query: read_query(cursor)?, after: read_position(cursor)? })
    })?;
    let checkpoint = if is_present(cursor)? {
        let name = Name::from_stored(cursor.text()?);
        Some(CheckpointWrite { name, position: Position::new(cursor.varint()?) })
    } else {
        None
    };
    Ok(Append { writes, interleaving, conditions, checkpoint })
}

pub(super) fn put_event(out: &mut Vec<u8>, event: &NewEvent) {
    out.extend_from_slice(&event.id.to_bytes());
    put_bytes(out, event.event_type.as_str().as_bytes());
    put_varint(out, u64::from(event.schema_version));
    match &event.content_type {
        ContentType::Json => out.push(0),
        ContentType::Binary => out.push(1),
        ContentType::Other(media_type) => {
            out.push(2);
            put_bytes(out, media_type.as_bytes());
        }
    }
    match event.time {
        None => out.push(super::ABSENT),
        Some(time) => {
            out.push(super::PRESENT);
            put_varint(out, zigzag(time.as_micros()));
        }
    }
    put_count(out, event.tags.as_slice().len());
    for tag in event.tags.as_slice() {
        put_bytes(out, tag.as_str().as_bytes());
    }
    put_optional(out, event.metadata.correlation().map(|id| id.as_bytes().as_ref()));
    put_bytes(out, event.metadata.as_bytes());
    put_bytes(out, &event.data);
}

pub(super) fn read_event(cursor: &mut Cursor<'_>) -> Result<NewEvent, Damaged> {
    let id = EventId::from_stored(cursor.array()?);
    let event_type = EventType::from_stored(cursor.text()?);
    let schema_version = cursor.varint_u32()?;
    let content_type = match cursor.u8()? {
        0 => ContentType::Json,
        1 => ContentType::Binary,
        2 => ContentType::from_stored(cursor.text()?),
        _ => return Err(Damaged("a kind of content is not known")),
    };
    let time = if is_present(cursor)? { Some(unzigzag(cursor.varint()?)) } else { None };
    let tags = read_list(cursor, |cursor| cursor.text().map(Tag::from_stored))?;
    let correlation = read_optional(cursor)?.map(bytestring::ByteString::try_from).transpose();
    let correlation = correlation.map_err(|_| Damaged("a correlation id is not UTF-8"))?;
    let metadata = Metadata::from_stored(cursor.bytes()?, correlation);
    let data = cursor.bytes()?;
    Ok(NewEvent {
        id,
        event_type,
        schema_version,
        data,
        content_type,
        metadata,
        tags: Tags::from_stored(tags),
        time: time.map(Timestamp::from_micros),
    })
}

fn put_query(out: &mut Vec<u8>, query: &Query) {
    put_count(out, query.items().len());
    for item in query.items() {
        put_count(out, item.types.len());
        for event_type in &item.types {
            put_bytes(out, event_type.as_str().as_bytes());
        }
        put_count(out, item.tags.len());
        for tag in &item.tags {
            put_bytes(out, tag.as_str().as_bytes());
        }
        put_count(out, item.streams.len());
        for selector in &item.streams {
            let (kind, name) = match selector {
                StreamSelector::Stream(stream) => (0, stream.as_str()),
                StreamSelector::Category(category) => (1, category.as_str()),
            };
            out.push(kind);
            put_bytes(out, name.as_bytes());
        }
        put_optional(out, item.correlation.as_ref().map(|id| id.as_bytes().as_ref()));
    }
}

fn read_query(cursor: &mut Cursor<'_>) -> Result<Query, Damaged> {
    let items = read_list(cursor, |cursor| {
        let types = read_list(cursor, |cursor| cursor.text().map(EventType::from_stored))?;
        let tags = read_list(cursor, |cursor| cursor.text().map(Tag::from_stored))?;
        let streams = read_list(cursor, |cursor| match cursor.u8()? {
            0 => Ok(StreamSelector::Stream(StreamName::from_stored(cursor.text()?))),
            1 => Ok(StreamSelector::Category(Category::from_stored(cursor.text()?))),
            _ => Err(Damaged("a way of choosing streams is not known")),
        })?;
        let correlation = read_optional(cursor)?.map(bytestring::ByteString::try_from).transpose();
        let correlation = correlation.map_err(|_| Damaged("a correlation id is not UTF-8"))?;
        Ok(QueryItem { types, tags, streams, correlation })
    })?;
    Query::any_of(items).map_err(|_| Damaged("a query has more parts than it may"))
}

fn put_position(out: &mut Vec<u8>, position: Option<Position>) {
    match position {
        None => out.push(super::ABSENT),
        Some(position) => {
            out.push(super::PRESENT);
            put_varint(out, position.get());
        }
    }
}

fn read_position(cursor: &mut Cursor<'_>) -> Result<Option<Position>, Damaged> {
    Ok(if is_present(cursor)? { Some(Position::new(cursor.varint()?)) } else { None })
}
