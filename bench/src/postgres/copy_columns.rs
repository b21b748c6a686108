//! The columns that `COPY` fills, and how their values look in its binary form.

use annals_core::Tag;

use super::events::Event;

/// An event with its place in the store.
pub(super) struct Line<'a> {
    pub(super) position: i64,
    pub(super) event: &'a Event,
    /// Microseconds since the year 2000.
    pub(super) created_at: i64,
}

/// Appends the value of a column.
type Put = fn(&Line<'_>, &mut Vec<u8>);

/// The tables, in the schema that ours has unless told otherwise.
pub(super) const EVENTS: &str = "annals.events";
pub(super) const TAGS: &str = "annals.event_tags";

/// The number of the type `text` in PostgreSQL.
const TEXT: i32 = 25;

/// The columns of the table of events, in the order they are copied; those left out are NULL in
/// what ours writes too.
pub(super) const EVENT_COLUMNS: [(&str, Put); 10] = [
    ("global_position", |line, out| out.extend(line.position.to_be_bytes())),
    ("event_id", |line, out| out.extend(line.event.event.id.as_uuid().as_bytes())),
    ("stream_id", |line, out| out.extend(line.event.stream.as_bytes())),
    ("stream_type", |line, out| {
        let category = line.event.stream.split('-').next().unwrap_or_default();
        out.extend(category.as_bytes());
    }),
    ("version", |line, out| out.extend(line.event.version.to_be_bytes())),
    ("event_type", |line, out| out.extend(line.event.event.event_type.as_str().as_bytes())),
    ("schema_version", |_, out| out.extend(1_i64.to_be_bytes())),
    ("event_data", |line, out| out.extend_from_slice(&line.event.event.data)),
    ("tags", |line, out| put_texts(line.event.event.tags.as_slice(), out)),
    ("created_at", |line, out| out.extend(line.created_at.to_be_bytes())),
];

/// Appends the value of a column for a tag of the event at a position.
type PutTag = fn(&Tag, i64, &mut Vec<u8>);

/// The columns of the table of tags.
pub(super) const TAG_COLUMNS: [(&str, PutTag); 2] = [
    ("tag", |tag, _, out| out.extend(tag.as_str().as_bytes())),
    ("global_position", |_, position, out| out.extend(position.to_be_bytes())),
];

/// An array of one dimension that begins at 1.
fn put_texts(tags: &[Tag], out: &mut Vec<u8>) {
    for number in [1, 0, TEXT, tags.len() as i32, 1] {
        out.extend(number.to_be_bytes());
    }
    for tag in tags {
        out.extend((tag.as_str().len() as i32).to_be_bytes());
        out.extend(tag.as_str().as_bytes());
    }
}
