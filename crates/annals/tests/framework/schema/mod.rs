//! The schema lock: what it refuses, what it takes in, and what its file looks like.

mod accepted;
mod refused;
mod samples;
mod text;

use std::path::PathBuf;

use annals::{
    ContentType, Event, EventSchema, FieldSchema, Format, RawEvent, Result, Upcasters,
    schema::{Accepted, Check, Events, Failure},
};
use bytes::Bytes;

/// An event type that differs only in what it says of itself.
macro_rules! event {
    ($name:ident, $($schema:expr),+) => {
        #[derive(Debug)]
        struct $name;

        impl Event for $name {
            const TYPES: &'static [EventSchema] = &[$($schema),+];

            fn schema(&self) -> &'static EventSchema {
                &Self::TYPES[0]
            }

            fn encode(&self) -> Result<Bytes> {
                Ok(Bytes::from_static(br#"{"cents":5}"#))
            }

            fn decode(raw: RawEvent<'_>) -> Result<Option<Self>> {
                crate::schema::decode::<Self>(raw).map(|known| known.map(|()| Self))
            }
        }
    };
}
use event;

/// Knows the types, and reads data that has today's fields.
fn decode<E: Event>(raw: RawEvent<'_>) -> Result<Option<()>> {
    let of_type = |schema: &&EventSchema| schema.name == raw.event_type.as_str();
    let Some(schema) = E::TYPES.iter().find(of_type) else { return Ok(None) };
    let undecodable = |why: &str| annals::Error::new(annals::ErrorKind::Undecodable, why);
    if schema.version != raw.schema_version || *raw.content_type != ContentType::Json {
        return Err(undecodable("another version"));
    }
    let data: serde_json::Value =
        serde_json::from_slice(raw.data).map_err(|_| undecodable("no JSON"))?;
    let is_missing = |field: &&FieldSchema| !field.is_optional && data.get(field.name).is_none();
    match schema.fields.iter().find(is_missing) {
        Some(field) => Err(undecodable(&format!("missing field `{}`", field.name))),
        None => Ok(Some(())),
    }
}

const fn schema(name: &'static str, version: u32, fields: &'static [FieldSchema]) -> EventSchema {
    EventSchema { name, version, format: Format::Json, fields }
}

const fn field(name: &'static str, type_name: &'static str) -> FieldSchema {
    FieldSchema { name, type_name, is_optional: false, is_tag: false }
}

const fn optional(name: &'static str, type_name: &'static str) -> FieldSchema {
    FieldSchema { is_optional: true, ..field(name, type_name) }
}

// The same event type through the years.
event!(Deposited, schema("deposited", 1, &[field("cents", "i64")]));
event!(Renamed, schema("deposited", 1, &[field("amount", "i64")]));
event!(Retyped, schema("deposited", 1, &[field("cents", "u64")]));
event!(Longer, schema("deposited", 1, &[field("cents", "i64"), field("by", "String")]));
event!(
    Optional,
    schema("deposited", 1, &[field("cents", "i64"), optional("by", "Option<String>")])
);
event!(Required, schema("deposited", 1, &[field("cents", "i64"), field("by", "Option<String>")]));
event!(Loosened, schema("deposited", 1, &[optional("cents", "Option<i64>")]));
event!(Second, schema("deposited", 2, &[field("cents", "i64"), field("currency", "String")]));
event!(Third, schema("deposited", 3, &[field("euros", "f64")]));
event!(Other, schema("withdrawn", 1, &[]));

/// A lock file in a folder of its own.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    /// A file with the present form of some types.
    fn of<E: Events>() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.lock");
        let file = Self { _folder: folder, path };
        file.accept::<E>(&Upcasters::new()).unwrap();
        file
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    fn check(&self) -> Check {
        Check::new(&self.path).accept_nothing()
    }

    fn accept<E: Events>(&self, upcasters: &Upcasters) -> Result<Accepted, Failure> {
        Check::new(&self.path).upcasters(upcasters).accept_compatible().run::<E>()
    }

    /// The types are refused, in these words, and nothing makes the file take them in.
    #[track_caller]
    fn refuses<E: Events>(&self, upcasters: &Upcasters, words: &[&str]) {
        let before = std::fs::read(&self.path).ok();
        let failure = self.check().upcasters(upcasters).run::<E>().unwrap_err().to_string();
        let accepting = self.accept::<E>(upcasters).unwrap_err().to_string();
        assert_eq!(failure, accepting);
        assert_eq!(std::fs::read(&self.path).ok(), before);
        for word in words {
            assert!(failure.contains(word), "`{word}` is not in:\n{failure}");
        }
    }

    /// The types are compatible: the file has to take these lines in, and then is up to date.
    #[track_caller]
    fn takes_in<E: Events>(&self, upcasters: &Upcasters, lines: &[&str]) {
        let before = self.text();
        let failure = self.check().upcasters(upcasters).run::<E>().unwrap_err().to_string();
        assert!(failure.contains("ANNALS_SCHEMA=accept"), "{failure}");
        assert_eq!(self.text(), before);
        let accepted = self.accept::<E>(upcasters).unwrap();
        for line in lines {
            assert!(failure.contains(line), "`{line}` is not in:\n{failure}");
            assert!(accepted.to_string().contains(line));
        }
        assert!(self.check().upcasters(upcasters).run::<E>().unwrap().is_empty());
    }
}

fn no_rules() -> Upcasters {
    Upcasters::new()
}

fn to_second() -> Upcasters {
    Upcasters::new().lift("deposited", 1, |_, mut json| {
        json["currency"] = "EUR".into();
        Ok(json)
    })
}
