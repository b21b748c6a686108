//! Records: the events and pieces of keyed state inside a frame.

use annals_core::{
    ContentType, EventId, EventType, Metadata, Name, NewEvent, RecordedEvent, StateKey, StateKind,
    StreamName, Tag, Tags, Timestamp, Version,
};
use bytes::Bytes;
use bytestring::ByteString;

use super::{
    Damaged,
    cursor::{Cursor, put_bytes, put_varint, unzigzag, zigzag},
    segment_header::split,
};

/// Length of what stands in front of a record's body: its length and its checksum.
pub(crate) const RECORD_PREFIX_LEN: usize = 8;

const KIND_EVENT: u8 = 1;
const KIND_STATE_PUT: u8 = 2;
const KIND_STATE_DELETE: u8 = 3;
const KIND_ORIGIN: u8 = 4;

const FLAG_BINARY: u8 = 1;
const FLAG_OTHER_CONTENT: u8 = 1 << 1;
const FLAG_TIME: u8 = 1 << 2;
const FLAG_METADATA: u8 = 1 << 3;
const FLAG_CORRELATION: u8 = 1 << 4;
const FLAG_TAGS: u8 = 1 << 5;
const FLAG_SCHEMA_VERSION: u8 = 1 << 6;

/// Length of a record with a body of this length.
pub(crate) const fn record_len(body: usize) -> usize {
    RECORD_PREFIX_LEN + body
}

/// The body of the record at the beginning of bytes, its checksum checked.
pub(crate) fn checked(bytes: &Bytes) -> Result<Bytes, Damaged> {
    let (len, rest) = split::<4>(bytes)?;
    let (crc, rest) = split::<4>(rest)?;
    let len = u32::from_le_bytes(len) as usize;
    let body = rest.get(..len).ok_or(Damaged("a record reaches beyond the end"))?;
    if u32::from_le_bytes(crc) != crc32c::crc32c(body) {
        return Err(Damaged("the checksum of a record does not match"));
    }
    Ok(bytes.slice(RECORD_PREFIX_LEN..record_len(len)))
}

/// Appends a record whose body is written by `body`.
fn put_record(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; RECORD_PREFIX_LEN]);
    body(out);
    let (_, record) = out.split_at_mut(start);
    let (prefix, body) = record.split_at_mut(RECORD_PREFIX_LEN);
    let (len, crc) = prefix.split_at_mut(4);
    len.copy_from_slice(&(body.len() as u32).to_le_bytes());
    crc.copy_from_slice(&crc32c::crc32c(body).to_le_bytes());
}

/// Where a record stands in its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Distance from the beginning of the frame to the beginning of the record.
    pub(crate) back: u32,
    /// For an event, its position less the frame's first.
    pub(crate) index: u32,
}

/// Appends the record of an event.
pub(crate) fn put_event(
    out: &mut Vec<u8>,
    place: Place,
    stream: &StreamName,
    version: Version,
    event: &NewEvent,
    recorded_at: Timestamp,
) {
    put_record(out, |out| {
        let other = match &event.content_type {
            ContentType::Other(media_type) => Some(media_type),
            ContentType::Json | ContentType::Binary => None,
        };
        let time = event.time.filter(|time| *time != recorded_at);
        let metadata = event.metadata.as_bytes();
        let correlation = event.metadata.correlation();
        let tags = event.tags.as_slice();
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        out.push(KIND_EVENT);
        out.push(
            flag(event.content_type == ContentType::Binary, FLAG_BINARY)
                | flag(other.is_some(), FLAG_OTHER_CONTENT)
                | flag(time.is_some(), FLAG_TIME)
                | flag(!metadata.is_empty(), FLAG_METADATA)
                | flag(correlation.is_some(), FLAG_CORRELATION)
                | flag(!tags.is_empty(), FLAG_TAGS)
                | flag(event.schema_version != 1, FLAG_SCHEMA_VERSION),
        );
        put_varint(out, u64::from(place.back));
        put_varint(out, u64::from(place.index));
        out.extend_from_slice(&event.id.to_bytes());
        put_varint(out, version.get());
        put_bytes(out, stream.as_str().as_bytes());
        put_bytes(out, event.event_type.as_str().as_bytes());
        if let Some(time) = time {
            let later = time.as_micros().wrapping_sub(recorded_at.as_micros());
            put_varint(out, zigzag(later));
        }
        if event.schema_version != 1 {
            put_varint(out, u64::from(event.schema_version));
        }
        if let Some(media_type) = other {
            put_bytes(out, media_type.as_bytes());
        }
        if !tags.is_empty() {
            put_varint(out, tags.len() as u64);
            for tag in tags {
                put_bytes(out, tag.as_str().as_bytes());
            }
        }
        if let Some(correlation) = correlation {
            put_bytes(out, correlation.as_bytes());
        }
        if !metadata.is_empty() {
            put_bytes(out, metadata);
        }
        out.extend_from_slice(&event.data);
    });
}

/// Appends the record of a piece of state; without a value it is deleted.
pub(crate) fn put_state(
    out: &mut Vec<u8>,
    place: Place,
    key: &StateKey,
    revision: u64,
    value: Option<&[u8]>,
) {
    put_record(out, |out| {
        out.push(if value.is_some() { KIND_STATE_PUT } else { KIND_STATE_DELETE });
        put_varint(out, u64::from(place.back));
        put_varint(out, revision);
        put_key(out, key);
        out.extend_from_slice(value.unwrap_or_default());
    });
}

/// The most bytes that the record of an origin has.
pub(crate) const ORIGIN_RECORD_LEN_MAX: usize = RECORD_PREFIX_LEN + 1 + 10 + 5 + 4 + 8;

/// Appends the record of where a commit comes from.
pub(crate) fn put_origin(out: &mut Vec<u8>, origin: Origin) {
    put_record(out, |out| {
        out.push(KIND_ORIGIN);
        put_varint(out, origin.entry);
        put_varint(out, u64::from(origin.index));
        out.extend_from_slice(&origin.mark.to_le_bytes());
        out.extend_from_slice(&origin.digest.to_le_bytes());
    });
}

/// The number that stands for a kind of state on disk.
pub(crate) const fn state_kind_code(kind: StateKind) -> u8 {
    match kind {
        StateKind::Checkpoint => 1,
        StateKind::Lease => 2,
        StateKind::Snapshot => 3,
    }
}

/// Appends the name of a piece of state.
pub(crate) fn put_key(out: &mut Vec<u8>, key: &StateKey) {
    out.push(state_kind_code(key.kind));
    put_bytes(out, key.name.as_str().as_bytes());
}

pub(crate) fn read_key(cursor: &mut Cursor<'_>) -> Result<StateKey, Damaged> {
    let kind = state_kind(cursor.u8()?)?;
    Ok(StateKey { kind, name: Name::from_stored(cursor.text()?) })
}

fn state_kind(code: u8) -> Result<StateKind, Damaged> {
    StateKind::ALL
        .into_iter()
        .find(|kind| state_kind_code(*kind) == code)
        .ok_or(Damaged("a kind of state is not known"))
}

/// A record as found in a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Event(EventRecord),
    State(StateRecord),
    Origin(Origin),
}

/// Where a commit of a node's store comes from: the first record of its frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Which entry of the replicated log.
    pub(crate) entry: u64,
    /// Which command of the entry.
    pub(crate) index: u32,
    /// What tells the entry from another one that stands in its place.
    pub(crate) mark: u32,
    /// The digest of the frame in front of it, 0 for the first of the store. So each frame stands
    /// for all before it.
    pub(crate) digest: u64,
}

/// An event as found in a frame; the frame knows the rest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EventRecord {
    pub(crate) place: Place,
    pub(crate) id: EventId,
    pub(crate) version: Version,
    pub(crate) stream: StreamName,
    pub(crate) event_type: EventType,
    /// When it happened, later than it was recorded by this many microseconds.
    later: i64,
    schema_version: u32,
    content_type: ContentType,
    pub(crate) tags: Tags,
    pub(crate) metadata: Metadata,
    pub(crate) data: Bytes,
}

/// A piece of state as found in a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StateRecord {
    pub(crate) back: u32,
    pub(crate) revision: u64,
    pub(crate) key: StateKey,
    pub(crate) value: Option<Bytes>,
}

impl Record {
    /// Reads a body whose checksum has been checked.
    pub(crate) fn decode(body: &Bytes) -> Result<Self, Damaged> {
        let mut cursor = Cursor::new(body);
        match cursor.u8()? {
            KIND_EVENT => EventRecord::decode(cursor).map(Self::Event),
            KIND_STATE_PUT => StateRecord::decode(cursor, HasValue::Yes).map(Self::State),
            KIND_STATE_DELETE => StateRecord::decode(cursor, HasValue::No).map(Self::State),
            KIND_ORIGIN => Origin::decode(cursor).map(Self::Origin),
            _ => Err(Damaged("a kind of record is not known")),
        }
    }
}

impl EventRecord {
    fn decode(mut cursor: Cursor<'_>) -> Result<Self, Damaged> {
        let flags = cursor.u8()?;
        let has = |flag: u8| flags & flag != 0;
        let place = Place { back: cursor.varint_u32()?, index: cursor.varint_u32()? };
        let id = EventId::from_stored(cursor.array()?);
        let version = Version::new(cursor.varint()?);
        let stream = StreamName::from_stored(cursor.text()?);
        let event_type = EventType::from_stored(cursor.text()?);
        let later = if has(FLAG_TIME) { unzigzag(cursor.varint()?) } else { 0 };
        let schema_version = if has(FLAG_SCHEMA_VERSION) { cursor.varint_u32()? } else { 1 };
        let content_type = match (has(FLAG_BINARY), has(FLAG_OTHER_CONTENT)) {
            (false, false) => ContentType::Json,
            (true, false) => ContentType::Binary,
            (_, true) => ContentType::from_stored(cursor.text()?),
        };
        let tags = if has(FLAG_TAGS) { read_tags(&mut cursor)? } else { Tags::none() };
        let correlation: Option<ByteString> =
            if has(FLAG_CORRELATION) { Some(cursor.text()?) } else { None };
        let metadata = if has(FLAG_METADATA) { cursor.bytes()? } else { Bytes::new() };
        let metadata = Metadata::from_stored(metadata, correlation);
        let data = cursor.rest();
        Ok(Self {
            place,
            id,
            version,
            stream,
            event_type,
            later,
            schema_version,
            content_type,
            tags,
            metadata,
            data,
        })
    }

    /// The event with what its frame knows.
    pub(crate) fn recorded(
        self,
        first_position: u64,
        recorded_at: i64,
    ) -> Result<RecordedEvent, Damaged> {
        let position = first_position
            .checked_add(u64::from(self.place.index))
            .ok_or(Damaged("a position is beyond 64 bits"))?;
        Ok(RecordedEvent {
            id: self.id,
            stream: self.stream,
            version: self.version,
            position: annals_core::Position::new(position),
            event_type: self.event_type,
            schema_version: self.schema_version,
            data: self.data,
            content_type: self.content_type,
            metadata: self.metadata,
            tags: self.tags,
            time: Timestamp::from_micros(recorded_at.wrapping_add(self.later)),
            recorded_at: Timestamp::from_micros(recorded_at),
        })
    }
}

fn read_tags(cursor: &mut Cursor<'_>) -> Result<Tags, Damaged> {
    let count = cursor.varint()?;
    if count > annals_core::limits::TAGS_PER_EVENT_MAX as u64 {
        return Err(Damaged("an event has more tags than it may"));
    }
    let mut tags = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    for _ in 0..count {
        tags.push(Tag::from_stored(cursor.text()?));
    }
    Ok(Tags::from_stored(tags))
}

impl Origin {
    fn decode(mut cursor: Cursor<'_>) -> Result<Self, Damaged> {
        let entry = cursor.varint()?;
        let index = cursor.varint_u32()?;
        let mark = u32::from_le_bytes(cursor.array()?);
        Ok(Self { entry, index, mark, digest: u64::from_le_bytes(cursor.array()?) })
    }
}

#[derive(Clone, Copy)]
enum HasValue {
    Yes,
    No,
}

impl StateRecord {
    fn decode(mut cursor: Cursor<'_>, has_value: HasValue) -> Result<Self, Damaged> {
        let back = cursor.varint_u32()?;
        let revision = cursor.varint()?;
        let key = read_key(&mut cursor)?;
        let value = match has_value {
            HasValue::Yes => Some(cursor.rest()),
            HasValue::No => None,
        };
        Ok(Self { back, revision, key, value })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLACE: Place = Place { back: 40, index: 3 };

    fn event(
        (data, metadata, tags): (Vec<u8>, Vec<u8>, Vec<String>),
        (time, schema_version, content): (Option<i64>, u32, Option<String>),
    ) -> NewEvent {
        let mut event = NewEvent::new(EventType::new("opened").unwrap(), data);
        event.metadata = Metadata::new(metadata);
        event.tags = Tags::new(tags.into_iter().map(|tag| Tag::new(tag).unwrap())).unwrap();
        event.time = time.map(Timestamp::from_micros);
        event.schema_version = schema_version;
        event.content_type =
            content.map_or(ContentType::Binary, |text| ContentType::new(text).unwrap());
        event
    }

    proptest! {
        #[test]
        fn an_event_comes_back(
            contents in (any::<Vec<u8>>(), any::<Vec<u8>>(), prop::collection::vec("[a-z:]{1,9}", 0..4)),
            kind in (any::<Option<i64>>(), any::<u32>(), prop::option::of("[a-z/]{1,9}")),
            recorded_at: i64,
            version in 0..u64::MAX / 2,
        ) {
            let event = event(contents, kind);
            let stream = StreamName::new("account-1").unwrap();
            let recorded = Timestamp::from_micros(recorded_at);
            let mut out = Vec::new();
            put_event(&mut out, PLACE, &stream, Version::new(version), &event, recorded);
            let body = checked(&out.into()).unwrap();
            let Ok(Record::Event(record)) = Record::decode(&body) else { panic!("not an event") };
            let found = record.recorded(10, recorded_at).unwrap();
            prop_assert_eq!(found.position.get(), 13);
            prop_assert_eq!(found.version.get(), version);
            prop_assert_eq!(found.time, event.time.unwrap_or(recorded));
            prop_assert_eq!(
                (found.id, found.data, found.metadata, found.tags, found.content_type, found.schema_version),
                (event.id, event.data, event.metadata, event.tags, event.content_type, event.schema_version)
            );
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let bytes = Bytes::from(bytes);
            prop_assert!(checked(&bytes).map_or(true, |body| body.len() < bytes.len()));
            if let Ok(Record::Event(record)) = Record::decode(&bytes) {
                let index = u64::from(record.place.index);
                prop_assert_eq!(record.recorded(u64::MAX - 5, i64::MAX).is_ok(), index <= 5);
            }
        }
    }

    #[test]
    fn state_comes_back_and_empty_is_not_deleted() {
        for kind in StateKind::ALL {
            let key = StateKey { kind, name: Name::new("orders").unwrap() };
            for value in [None, Some(&b""[..]), Some(&b"12345678"[..])] {
                let mut out = Vec::new();
                put_state(&mut out, PLACE, &key, 9, value);
                let body = checked(&out.into()).unwrap();
                let Ok(Record::State(record)) = Record::decode(&body) else { panic!("not state") };
                assert_eq!(record.value.as_deref(), value);
                assert_eq!((record.revision, &record.key), (9, &key));
            }
        }
    }

    #[test]
    fn an_origin_comes_back() {
        let origin = Origin { entry: u64::MAX, index: u32::MAX, mark: 7, digest: u64::MAX };
        let mut out = Vec::new();
        put_origin(&mut out, origin);
        assert_eq!(out.len(), ORIGIN_RECORD_LEN_MAX);
        let body = checked(&out.into()).unwrap();
        assert_eq!(Record::decode(&body), Ok(Record::Origin(origin)));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let key = StateKey::checkpoint(Name::new("c").unwrap());
        let mut out = Vec::new();
        put_state(&mut out, PLACE, &key, 9, Some(b"12345678"));
        for bit in 0..out.len() * 8 {
            let mut bytes = out.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(checked(&bytes.into()).is_err(), "bit {bit}");
        }
    }
}
