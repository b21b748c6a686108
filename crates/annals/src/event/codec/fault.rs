//! Why data could not be read or written, in words that never quote it.
//!
//! Serde's messages do: `invalid type: string "secret", expected u64`. What passes here is a
//! fixed vocabulary and the field names of the schema; every other word is dropped.

use annals_core::{Error, ErrorKind};

use crate::{EventSchema, RawEvent};

/// What stands at the start of a message, and says it all.
const WHOLE: &[&str] = &[
    "missing field",
    "duplicate field",
    "unknown field",
    "unknown variant",
    "invalid length",
    "invalid type",
    "invalid value",
    "key must be a string",
    NOT_FINITE,
];
/// What was found, as serde calls it.
const FOUND: &[&str] = &[
    "boolean",
    "integer",
    "floating point",
    "character",
    "string",
    "byte array",
    "unit value",
    "Option value",
    "newtype struct",
    "sequence",
    "map",
    "enum",
    "unit variant",
    "null",
    "bytes",
    "array",
];
/// What was expected, as serde calls it.
const EXPECTED: &[&str] = &[
    "a boolean",
    "a character",
    "a string",
    "a byte array",
    "array",
    "bool",
    "bytes",
    "float",
    "map",
    "str",
    "string",
    "a sequence",
    "a map",
    "unit",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "f32",
    "f64",
];

/// Said of a number that JSON has no form for.
pub(super) const NOT_FINITE: &str = "a number is not finite";

/// Said of data that ends inside a value.
pub(super) const TOO_SHORT: &str = "the data ends too early";
/// Said of values in values in values.
pub(super) const TOO_DEEP: &str = "the values are nested too deep";

/// Why data could not be read or written; the source of the error that users see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault(String);

impl Fault {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    pub(super) fn of_event(self, raw: RawEvent<'_>) -> Error {
        undecodable_as(raw, "its data does not fit").caused_by(self)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// Nothing may follow the value.
pub(super) fn at_end(rest: &[u8], data: &[u8]) -> Result<(), Fault> {
    if rest.is_empty() {
        return Ok(());
    }
    let end = data.len().saturating_sub(rest.len());
    Err(Fault::new(format!("more data follows the value, which ends at byte {end}")))
}

/// An event that cannot be read, and why.
pub(super) fn undecodable_as(raw: RawEvent<'_>, why: &str) -> Error {
    undecodable(raw, format!("event type `{}` cannot be decoded: {why}", raw.event_type))
}

/// An event that cannot be read.
pub(super) fn undecodable(raw: RawEvent<'_>, message: String) -> Error {
    Error::new(ErrorKind::Undecodable, message)
        .with("type", raw.event_type)
        .with("version", raw.schema_version)
}

/// An event in a format that is not read here.
pub(super) fn wrong_content_type(raw: RawEvent<'_>) -> Error {
    undecodable_as(raw, &format!("its content type `{}` is not read here", raw.content_type))
}

/// An event that cannot be written.
pub(super) fn unwritable(schema: &EventSchema, fault: Fault) -> Error {
    let message = format!("event type `{}` cannot be written as {:?}", schema.name, schema.format);
    Error::new(ErrorKind::Undecodable, message)
        .with("type", schema.name)
        .with("version", schema.version)
        .caused_by(fault)
}

/// A message of serde without the values in it.
pub(super) fn without_values(message: &str, schema: &EventSchema) -> String {
    let Some(whole) = WHOLE.iter().find(|whole| message.starts_with(**whole)) else {
        return "a value is not what its type takes".to_owned();
    };
    let rest = message.get(whole.len()..).unwrap_or_default();
    if let Some(field) = known_field(rest, schema) {
        return format!("{whole} `{field}`");
    }
    let found = rest.strip_prefix(": ").and_then(|rest| longest(FOUND, rest));
    let Some(found) = found else {
        return (*whole).to_owned();
    };
    match expected(rest) {
        Some(expected) => format!("{whole}: {found}, expected {expected}"),
        None => format!("{whole}: {found}"),
    }
}

/// The name in backticks, if the schema has it too: names of inner types may come from the data.
fn known_field<'a>(rest: &'a str, schema: &EventSchema) -> Option<&'a str> {
    let (name, _) = rest.strip_prefix(" `")?.split_once('`')?;
    schema.fields.iter().any(|field| field.name == name).then_some(name)
}

/// A value may itself say what is expected, so only the last mention counts.
fn expected(rest: &str) -> Option<&'static str> {
    let (_, last) = rest.rsplit_once(", expected ")?;
    longest(EXPECTED, last)
}

/// The longest of the words that the text starts with.
fn longest(words: &[&'static str], text: &str) -> Option<&'static str> {
    let fits = |word: &&&str| {
        let rest = text.strip_prefix(**word);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    };
    words.iter().filter(fits).max_by_key(|word| word.len()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FieldSchema, Format};

    const SCHEMA: EventSchema = EventSchema {
        name: "opened",
        version: 1,
        format: Format::Json,
        fields: &[FieldSchema {
            name: "owner",
            type_name: "String",
            is_optional: false,
            is_tag: false,
        }],
    };

    #[track_caller]
    fn check(message: &str, expected: &str) {
        assert_eq!(without_values(message, &SCHEMA), expected);
    }

    #[test]
    fn field_names_pass_only_when_the_schema_has_them() {
        check("missing field `owner` at line 1 column 2", "missing field `owner`");
        check("missing field `inner` at line 1 column 2", "missing field");
        check("unknown field `secret`, expected `owner`", "unknown field");
    }

    #[test]
    fn values_are_dropped_and_their_types_are_kept() {
        check(
            "invalid type: string \"secret\", expected u64 at line 1 column 9",
            "invalid type: string, expected u64",
        );
        check(
            "invalid type: null, expected a string at line 1",
            "invalid type: null, expected a string",
        );
        check("invalid value: integer `77`, expected u8", "invalid value: integer, expected u8");
        check("invalid type: map, expected struct Secret", "invalid type: map");
    }

    #[test]
    fn a_value_that_looks_like_a_message_is_dropped() {
        check(
            "invalid type: string \"x, expected u64 secret\", expected struct Y",
            "invalid type: string",
        );
        check("invalid type: secret", "invalid type");
        check("no such account: secret", "a value is not what its type takes");
    }
}
