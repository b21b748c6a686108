//! The event types of the program, by name.

use std::collections::BTreeMap;

use super::{Block, Events, Failure};
use crate::EventSchema;

/// Every type in its one present schema version.
pub(super) type Today = BTreeMap<&'static str, &'static EventSchema>;

/// The types that `E` holds.
///
/// # Errors
/// Two Rust types that say different things about one event type, and names that have no place in
/// a line of text.
pub(super) fn today<E: Events>() -> Result<Today, Failure> {
    let mut schemas = Vec::new();
    E::schemas(&mut schemas);
    let mut today = Today::new();
    for schema in schemas {
        check_names(schema)?;
        match today.insert(schema.name, schema) {
            Some(other) if !is_same(other, schema) => {
                return Err(Failure::new(format!(
                    "two Rust types say different things about event type `{}`; name only the \
                     one that writes it\n\nversion {}\n{}version {}\n{}",
                    schema.name,
                    other.version,
                    Block::of(other),
                    schema.version,
                    Block::of(schema)
                )));
            }
            _ => {}
        }
    }
    Ok(today)
}

fn is_same(one: &EventSchema, other: &EventSchema) -> bool {
    one.version == other.version && Block::of(one) == Block::of(other)
}

fn check_names(schema: &EventSchema) -> Result<(), Failure> {
    let is_line = |name: &str| !name.chars().any(char::is_control) && name.trim() == name;
    let fields = schema.fields.iter().map(|field| field.name);
    let odd = fields.clone().find(|name| !is_line(name) || name.starts_with("= "));
    match odd.or_else(|| (!is_line(schema.name)).then_some(schema.name)) {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!(
            "event type `{}`: the name {name:?} cannot stand in a lock file",
            schema.name
        ))),
    }
}
