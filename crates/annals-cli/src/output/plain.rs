//! Tab-separated values, for `cut` and `awk`.

use std::io::{self, Write};

use super::escape;

/// A row without a header.
pub(super) fn row(out: &mut dyn Write, cells: &[String]) -> io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b"\t")?;
        }
        out.write_all(escape(cell).as_bytes())?;
    }
    out.write_all(b"\n")
}

/// One thing, a line for each part: name, tab, value.
pub(super) fn named(out: &mut dyn Write, names: &[&str], cells: &[String]) -> io::Result<()> {
    for (name, cell) in names.iter().zip(cells) {
        writeln!(out, "{}\t{}", name.to_lowercase().replace(' ', "_"), escape(cell))?;
    }
    Ok(())
}
