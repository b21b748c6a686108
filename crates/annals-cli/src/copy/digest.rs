//! A digest of events: XXH3-128 over every field of every event, one after the other.
//!
//! The encoding is fixed, so that digests of different days can be compared: numbers have 8 bytes,
//! little endian; text and bytes stand after their length; tags stand after their count.

use std::fmt;

use annals::RecordedEvent;
use xxhash_rust::xxh3::Xxh3;

/// What the encoding is called. Part of what is digested.
const ENCODING: &[u8] = b"annals events 1\n";

/// A digest that grows with every event.
#[derive(Clone)]
pub struct Digest {
    hash: Xxh3,
    events: u64,
    /// The event at hand.
    buffer: Vec<u8>,
}

impl Digest {
    pub(super) fn new() -> Self {
        let mut hash = Xxh3::new();
        hash.update(ENCODING);
        Self { hash, events: 0, buffer: Vec::new() }
    }

    /// Takes in the next event.
    pub(super) fn add(&mut self, event: &RecordedEvent) {
        let out = &mut self.buffer;
        out.clear();
        put_number(out, event.position.get());
        out.extend_from_slice(&event.id.to_bytes());
        put_bytes(out, event.stream.as_str().as_bytes());
        put_number(out, event.version.get());
        put_bytes(out, event.event_type.as_str().as_bytes());
        put_number(out, u64::from(event.schema_version));
        put_bytes(out, event.content_type.as_str().as_bytes());
        put_number(out, event.time.as_micros().cast_unsigned());
        put_number(out, event.recorded_at.as_micros().cast_unsigned());
        put_number(out, event.tags.as_slice().len() as u64);
        for tag in &event.tags {
            put_bytes(out, tag.as_str().as_bytes());
        }
        put_bytes(out, event.metadata.as_bytes());
        put_number(out, event.data.len() as u64);
        self.hash.update(out);
        // Not through the buffer, because it may be large.
        self.hash.update(&event.data);
        self.events += 1;
    }

    /// How many events it is of.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }
}

fn put_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.events == other.events && self.hash.digest128() == other.hash.digest128()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.hash.digest128())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self} of {} events)", self.events)
    }
}

#[cfg(test)]
mod tests {
    use annals::{
        ContentType, EventId, EventType, Metadata, Position, StreamName, Tag, Tags, Timestamp,
        Version,
    };

    use super::*;

    fn event() -> RecordedEvent {
        RecordedEvent {
            id: EventId::from_stored([1; 16]),
            stream: StreamName::new("s-1").unwrap(),
            version: Version::new(2),
            position: Position::new(3),
            event_type: EventType::new("a").unwrap(),
            schema_version: 1,
            data: "{}".into(),
            content_type: ContentType::Json,
            metadata: Metadata::none(),
            tags: Tags::new([Tag::new("t:1").unwrap()]).unwrap(),
            time: Timestamp::from_micros(4),
            recorded_at: Timestamp::from_micros(5),
        }
    }

    fn of(event: &RecordedEvent) -> String {
        let mut digest = Digest::new();
        digest.add(event);
        digest.to_string()
    }

    #[test]
    fn it_stays_the_same_from_version_to_version() {
        assert_eq!(of(&event()), "c4cc9e0df3ffcab0e40a7807bc0f3730");
    }

    #[test]
    fn every_field_counts() {
        let e = event;
        let others = [
            e(),
            RecordedEvent { id: EventId::from_stored([2; 16]), ..e() },
            RecordedEvent { stream: StreamName::new("s-2").unwrap(), ..e() },
            RecordedEvent { version: Version::new(9), ..e() },
            RecordedEvent { position: Position::new(9), ..e() },
            RecordedEvent { event_type: EventType::new("b").unwrap(), ..e() },
            RecordedEvent { schema_version: 9, ..e() },
            RecordedEvent { data: "{ }".into(), ..e() },
            RecordedEvent { content_type: ContentType::Binary, ..e() },
            RecordedEvent { metadata: Metadata::new("{}"), ..e() },
            RecordedEvent { tags: Tags::none(), ..e() },
            RecordedEvent { time: Timestamp::from_micros(-4), ..e() },
            RecordedEvent { recorded_at: Timestamp::from_micros(9), ..e() },
        ];
        let digests: std::collections::BTreeSet<_> = others.iter().map(of).collect();
        assert_eq!(digests.len(), others.len());
    }
}
