//! One JSON object per line.

use std::io::{self, Write};

use serde::Serialize;

/// A line.
pub(super) fn line(out: &mut dyn Write, item: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, item)?;
    out.write_all(b"\n")
}
