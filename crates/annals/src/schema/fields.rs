//! What may become of the fields of one schema version, whose events are stored already.

use super::{Block, Field, compare::Change};
use crate::Format;

/// The changes from a block of the lock to the same schema version as it is today.
pub(super) fn changes(locked: &Block, today: &Block) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Some(change) = of_format(locked.format, today.format) {
        changes.push(change);
    }
    for field in &locked.fields {
        match find(today, &field.name) {
            Some(now) => changes.extend(of_field(field, now)),
            None => changes.push(removed(field, locked, today)),
        }
    }
    for field in today.fields.iter().filter(|field| find(locked, &field.name).is_none()) {
        let lines = format!("  + {field}\n");
        changes.push(if field.is_optional {
            Change::compatible(lines)
        } else {
            Change::breaking(lines, "stored events have no such field; make it optional")
        });
    }
    changes
}

fn find<'a>(block: &'a Block, name: &str) -> Option<&'a Field> {
    block.fields.iter().find(|field| field.name == name)
}

fn of_format(locked: Format, today: Format) -> Option<Change> {
    let lines = format!("  - in {locked:?}\n  + in {today:?}\n");
    match (locked, today) {
        _ if locked == today => None,
        (Format::Raw, _) | (_, Format::Raw) => {
            Some(Change::breaking(lines, "bytes are not read as fields, nor fields as bytes"))
        }
        _ => Some(Change::compatible(lines)),
    }
}

fn removed(field: &Field, locked: &Block, today: &Block) -> Change {
    let is_candidate =
        |now: &&Field| now.type_name == field.type_name && find(locked, &now.name).is_none();
    let why = match today.fields.iter().find(is_candidate) {
        Some(now) => format!(
            "stored events have this field; was it renamed to `{}`? Then store it under its old \
             name, with `#[serde(rename = \"{}\")]`",
            now.name, field.name
        ),
        None => "stored events have this field".to_owned(),
    };
    Change::breaking(format!("  - {field}\n"), why)
}

fn of_field(locked: &Field, today: &Field) -> Option<Change> {
    if locked == today {
        return None;
    }
    let lines = format!("  - {locked}\n  + {today}\n");
    if locked.type_name != today.type_name && !is_now_optional(locked, today) {
        return Some(Change::breaking(lines, "stored events have a value of the old type"));
    }
    if locked.is_optional && !today.is_optional {
        return Some(Change::breaking(lines, "some stored events do not have the field"));
    }
    // A tag is given when an event is written. Old events can be read all the same; that they are
    // not found by it is for whoever accepts the change to know.
    Some(Change::compatible(if locked.is_tag == today.is_tag {
        lines
    } else {
        format!("{lines}    (events stored before keep the tags they have)\n")
    }))
}

/// A value that was always there is one that may be there.
fn is_now_optional(locked: &Field, today: &Field) -> bool {
    !locked.is_optional
        && today.is_optional
        && today.type_name == format!("Option<{}>", locked.type_name)
}
