//! The fields of a JSON object, in order and with their values as written.

use std::{borrow::Cow, collections::HashSet};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The fields of a JSON object.
#[derive(Debug)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads an object.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, String> {
        serde_json::from_slice(text).map_err(|error| format!("not a JSON object: {error}"))
    }

    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// All fields in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }

    /// A field as text for a template: strings as they are, numbers and booleans as written,
    /// `null` and nothing as empty.
    pub(super) fn text(&self, name: &str) -> Result<Cow<'a, str>, String> {
        let Some(value) = self.get(name) else { return Ok(Cow::Borrowed("")) };
        match value.get() {
            "null" => Ok(Cow::Borrowed("")),
            text if text.starts_with('"') => string(name, value),
            text if text.starts_with(['{', '[']) => {
                Err(format!("field `{name}` is no single value"))
            }
            text => Ok(Cow::Borrowed(text)),
        }
    }
}

/// A value that must be a string.
pub(super) fn string<'a>(name: &str, value: &'a RawValue) -> Result<Cow<'a, str>, String> {
    /// `Cow` by itself is always copied.
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let text: Result<Text<'a>, _> = serde_json::from_str(value.get());
    text.map(|text| text.0).map_err(|_| format!("field `{name}` must be a string"))
}

/// A value of any other kind.
pub(super) fn value<'a, T: Deserialize<'a>>(
    name: &str,
    value: &'a RawValue,
    what: &str,
) -> Result<T, String> {
    serde_json::from_str(value.get()).map_err(|_| format!("field `{name}` must be {what}"))
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
        let mut many = HashSet::new();
        while let Some(Key(name)) = map.next_key::<Key<'de>>()? {
            if stands_twice(&fields, &mut many, &name) {
                return Err(M::Error::custom(format!("field `{name}` stands twice")));
            }
            fields.push((name, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

/// Up to this many names, looking through them is faster than hashing.
const FEW: usize = 32;

/// Whether a name is among the fields; `many` keeps their names when they are more than a few, so
/// that a row of a million fields does not take hours.
fn stands_twice(
    fields: &[(Cow<'_, str>, &RawValue)],
    many: &mut HashSet<String>,
    name: &str,
) -> bool {
    if fields.len() < FEW {
        return fields.iter().any(|(known, _)| known == name);
    }
    if many.is_empty() {
        many.extend(fields.iter().map(|(known, _)| known.to_string()));
    }
    !many.insert(name.to_owned())
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
