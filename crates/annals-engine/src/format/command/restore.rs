//! What is restored, as bytes.

use annals_core::{
    Position, RecordedEvent, RecordedState, Restore, StreamName, Timestamp, Version,
};

use super::{
    Damaged,
    append::{put_event, read_event},
    put_count, put_optional, read_list, read_optional,
};
use crate::format::{
    cursor::{Cursor, put_bytes, put_varint, unzigzag, zigzag},
    record::{put_key, read_key},
};

pub(super) fn put(out: &mut Vec<u8>, restore: &Restore) {
    put_count(out, restore.events.len());
    for event in &restore.events {
        put_bytes(out, event.stream.as_str().as_bytes());
        put_varint(out, event.version.get());
        put_varint(out, event.position.get());
        put_varint(out, zigzag(event.recorded_at.as_micros()));
        put_event(out, &event.clone().into_new());
    }
    put_count(out, restore.states.len());
    for state in &restore.states {
        put_key(out, &state.key);
        put_varint(out, state.revision);
        put_varint(out, zigzag(state.recorded_at.as_micros()));
        put_optional(out, state.value.as_deref());
    }
}

pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Restore, Damaged> {
    let events = read_list(cursor, |cursor| {
        let stream = StreamName::from_stored(cursor.text()?);
        let version = Version::new(cursor.varint()?);
        let position = Position::new(cursor.varint()?);
        let recorded_at = Timestamp::from_micros(unzigzag(cursor.varint()?));
        let event = read_event(cursor)?;
        Ok(RecordedEvent {
            id: event.id,
            stream,
            version,
            position,
            event_type: event.event_type,
            schema_version: event.schema_version,
            data: event.data,
            content_type: event.content_type,
            metadata: event.metadata,
            tags: event.tags,
            time: event.time.unwrap_or(recorded_at),
            recorded_at,
        })
    })?;
    let states = read_list(cursor, |cursor| {
        let key = read_key(cursor)?;
        let revision = cursor.varint()?;
        let recorded_at = Timestamp::from_micros(unzigzag(cursor.varint()?));
        Ok(RecordedState { key, revision, value: read_optional(cursor)?, recorded_at })
    })?;
    Ok(Restore { events, states })
}
