//! What users tell serde about the fields holds for events too.

use annals::{Event, Format};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::reading::{Stored, chain, check_round_trip};

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
enum Told {
    #[serde(alias = "Started")]
    Begun {
        #[serde(alias = "who", alias = "by")]
        name: String,
        #[serde(default = "seven", skip_serializing_if = "is_seven")]
        count: u8,
        #[serde(with = "as_text")]
        amount: u64,
        #[serde(skip)]
        cached: u8,
        #[serde(rename = "type")]
        kind: Option<String>,
    },
    #[serde(with = "as_text")]
    Counted(u64),
    Wrapped(Transparent),
}

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[serde(transparent)]
struct Transparent {
    inner: Inner,
}

#[derive(Event, Serialize, Deserialize, Debug, PartialEq, Clone)]
#[serde(from = "Inner", into = "Inner")]
struct Converted(u8);

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
enum Inner {
    First,
    Second { value: u8 },
}

impl From<Inner> for Converted {
    fn from(inner: Inner) -> Self {
        match inner {
            Inner::First => Self(0),
            Inner::Second { value } => Self(value),
        }
    }
}

impl From<Converted> for Inner {
    fn from(Converted(value): Converted) -> Self {
        Self::Second { value }
    }
}

const fn seven() -> u8 {
    7
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_seven(count: &u8) -> bool {
    *count == 7
}

/// A number as a string.
mod as_text {
    use super::*;

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(data: D) -> Result<u64, D::Error> {
        String::deserialize(data)?.parse().map_err(serde::de::Error::custom)
    }
}

fn begun(count: u8) -> Told {
    Told::Begun { name: "Ann".into(), count, amount: 5, cached: 0, kind: None }
}

#[test]
fn what_is_written_follows_the_attributes() {
    let text = |event: &Told| Stored::of(event).text().to_owned();
    assert_eq!(text(&begun(7)), r#"{"name":"Ann","amount":"5","type":null}"#);
    assert_eq!(text(&begun(8)), r#"{"name":"Ann","count":8,"amount":"5","type":null}"#);
    assert_eq!(text(&Told::Counted(6)), r#""6""#);
    let wrapped = Transparent { inner: Inner::Second { value: 1 } };
    assert_eq!(Stored::of(&wrapped).text(), r#"{"Second":{"value":1}}"#);
    assert_eq!(text(&Told::Wrapped(wrapped)), r#"{"Second":{"value":1}}"#);
}

#[test]
fn all_of_them_come_back() {
    check_round_trip(&begun(7));
    check_round_trip(&begun(8));
    check_round_trip(&Told::Counted(6));
    check_round_trip(&Told::Wrapped(Transparent { inner: Inner::First }));
    check_round_trip(&Transparent { inner: Inner::Second { value: 3 } });
    check_round_trip(&Converted(4));
}

#[test]
fn other_names_and_missing_fields_are_read() {
    let read = |data| Stored::json("begun", data).read::<Told>();
    assert_eq!(read(r#"{"who":"Ann","amount":"5"}"#).unwrap(), Some(begun(7)));
    let error = chain(&read(r#"{"by":"Ann","amount":"5","secret":1}"#).unwrap_err());
    assert!(error.contains("unknown field") && !error.contains("secret"), "{error}");
    let error = chain(&read(r#"{"by":"Ann","amount":"secret"}"#).unwrap_err());
    assert!(error.contains("a value is not what its type takes at line 1"), "{error}");
}

#[test]
fn the_table_follows_them_too() {
    let fields = Told::TYPES[0].fields.iter();
    let fields: Vec<_> = fields.map(|field| (field.name, field.is_optional)).collect();
    assert_eq!(fields, [("name", false), ("count", true), ("amount", false), ("type", true)]);
    assert_eq!(Told::TYPES[0].format, Format::Json);
}
