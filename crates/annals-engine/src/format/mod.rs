//! Bytes to structs and back: the on-disk format, one file for each kind of record.
//!
//! Pure: nothing here reads a file, knows the time or holds state. Every decoder takes bytes that
//! may be anything and answers with [`Damaged`] instead of a panic. The format is described byte
//! by byte in `docs/design/format.md`; change both together, and raise [`FORMAT_VERSION`].

pub(crate) mod command;
pub(crate) mod cursor;
pub(crate) mod frame;
pub(crate) mod manifest;
pub(crate) mod position_table;
pub(crate) mod record;
pub(crate) mod segment_header;

use std::fmt;

/// The version of the format that this code writes, and the newest it reads.
pub const FORMAT_VERSION: u32 = 1;

/// Bytes that are not what they should be, and in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged(pub(crate) &'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Damaged {}
