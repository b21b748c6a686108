//! The lock as data, and as text.
//!
//! One block for each event type and schema version, in that order; the fields stand in the order
//! of the Rust type.
//!
//! ```text
//! event bank.deposited version 2 json
//!   account: String tag
//!   cents: u64
//!   note: Option<String> optional
//!   = {"account":"1","cents":5}
//! ```

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;

use crate::{EventSchema, Format};

/// What stands at the top of a lock file.
const HEADER: &str = "\
# The forms in which events of this program are stored. Commit this file, and do not edit it: run
# the test that checks it with ANNALS_SCHEMA=accept to take compatible changes in.
";

/// The schema versions of all event types, old ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// By event type and schema version.
    pub blocks: BTreeMap<(String, u32), Block>,
}

/// One event type in one schema version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What the data is written in.
    pub format: Format,
    /// The fields.
    pub fields: Vec<Field>,
    /// The data of one such event.
    pub sample: Option<Bytes>,
}

/// A field of an event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as it is stored.
    pub name: String,
    /// The Rust type as it stands in the source, without spaces.
    pub type_name: String,
    /// Whether data without the field can be read.
    pub is_optional: bool,
    /// Whether it is also a tag.
    pub is_tag: bool,
}

impl Lock {
    /// The newest schema version of a type.
    pub(super) fn latest(&self, name: &str) -> Option<u32> {
        let of_type = self.blocks.keys().filter(|(of, _)| of == name);
        of_type.map(|(_, version)| *version).max()
    }
}

impl Block {
    pub(super) fn of(schema: &EventSchema) -> Self {
        let fields = schema.fields.iter().map(|field| Field {
            name: field.name.to_owned(),
            type_name: field.type_name.split_whitespace().collect(),
            is_optional: field.is_optional,
            is_tag: field.is_tag,
        });
        Self { format: schema.format, fields: fields.collect(), sample: None }
    }
}

/// The text of the file. It is the same for the same lock.
impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        for ((name, version), block) in &self.blocks {
            let format = format_name(block.format);
            write!(f, "\nevent {name} version {version} {format}\n{block}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for field in &self.fields {
            writeln!(f, "  {field}")?;
        }
        match &self.sample {
            Some(sample) => writeln!(f, "  = {}", sample_text(sample)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.type_name)?;
        f.write_str(if self.is_optional { " optional" } else { "" })?;
        f.write_str(if self.is_tag { " tag" } else { "" })
    }
}

/// The names of formats in the file.
pub(super) const FORMATS: [(Format, &str); 4] = [
    (Format::Json, "json"),
    (Format::Cbor, "cbor"),
    (Format::MessagePack, "msgpack"),
    (Format::Raw, "raw"),
];

fn format_name(format: Format) -> &'static str {
    FORMATS.iter().find(|(of, _)| *of == format).map_or("raw", |(_, name)| name)
}

/// The data as text of one line; in hexadecimal when it is not that already.
fn sample_text(sample: &[u8]) -> String {
    let is_line = |text: &&str| {
        !text.chars().any(char::is_control) && text.trim() == *text && !text.starts_with("0x")
    };
    match std::str::from_utf8(sample).ok().filter(is_line) {
        Some(text) => text.to_owned(),
        None => sample.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
    }
}
