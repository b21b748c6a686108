//! One JSON document: an array for lists, an object for single things.

use std::io::{self, Write};

use serde::Serialize;

/// An array that is written element by element.
#[derive(Debug, Default)]
pub(super) struct Array {
    has_elements: bool,
}

impl Array {
    pub(super) fn element(&mut self, out: &mut dyn Write, item: &impl Serialize) -> io::Result<()> {
        let before: &[u8] = if self.has_elements { b",\n  " } else { b"[\n  " };
        self.has_elements = true;
        out.write_all(before)?;
        Ok(serde_json::to_writer(out, item)?)
    }

    pub(super) fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.has_elements { b"\n]\n" } else { b"[]\n" })
    }
}

/// An object, indented.
pub(super) fn single(out: &mut dyn Write, item: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, item)?;
    out.write_all(b"\n")
}
