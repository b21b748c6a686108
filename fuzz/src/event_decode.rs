//! Stored data of any kind is read as an event, refused, or skipped; what was read is written and
//! read back as the same.

use annals::{ContentType, Event, EventType, Format, RawEvent};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Events with fields of many kinds.
#[derive(Debug, Event, Serialize, Deserialize)]
#[event(prefix = "fuzz")]
enum Anything {
    Plain {
        #[tag]
        id: String,
        count: u64,
        change: i32,
    },
    Deep {
        list: Vec<Option<String>>,
        pair: (bool, u8),
        #[serde(default)]
        inner: Inner,
    },
    #[event(version = 3)]
    Wrapped(Inner),
    Nothing,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Inner {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    kind: Kind,
}

#[derive(Debug, Default, Serialize, Deserialize)]
enum Kind {
    #[default]
    One,
    Other(u16),
    Named {
        a: String,
    },
}

const FORMATS: [Format; 4] = [Format::Json, Format::Cbor, Format::MessagePack, Format::Raw];

/// Reads bytes as an event: the first says what they are said to be, the others are the data.
/// Gives the name of the type that took them.
///
/// # Panics
/// When an event that was read does not come back the same.
#[must_use]
pub fn run(bytes: &[u8]) -> Option<&'static str> {
    let (first, data) = bytes.split_first()?;
    let choice = usize::from(*first);
    let schema = Anything::TYPES.get(choice % Anything::TYPES.len())?;
    let format = FORMATS.get(choice / 8 % FORMATS.len())?;
    let event = read(schema.name, schema.version, &format.content_type(), data)?;
    let written = event.encode().expect("what was read can be written");
    let stored = event.schema();
    let again = read(stored.name, stored.version, &stored.format.content_type(), &written)
        .expect("what was written can be read");
    assert_eq!(again.encode().expect("and written again"), written, "{event:?} and {again:?}");
    Some(schema.name)
}

fn read(name: &str, version: u32, content_type: &ContentType, data: &[u8]) -> Option<Anything> {
    let event_type = EventType::new(name.to_owned()).ok()?;
    let data = Bytes::copy_from_slice(data);
    let raw =
        RawEvent { event_type: &event_type, schema_version: version, content_type, data: &data };
    Anything::decode(raw).ok().flatten()
}
