//! NDJSON: a JSON value on each line. Empty lines are passed over.

use std::io::BufRead;

use annals::Result;

use super::{
    ROW_BYTES_MAX,
    rows::{Content, Row, Text, peek},
};

/// The lines of a text.
pub(super) struct Lines {
    text: Text,
    /// The number of the line in `row`.
    line: u64,
    row: Vec<u8>,
}

impl Lines {
    pub(super) fn new(text: Text) -> Self {
        Self { text, line: 0, row: Vec::new() }
    }

    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        loop {
            self.row.clear();
            let Some(length) = self.read_line()? else { return Ok(None) };
            self.line += 1;
            if length > ROW_BYTES_MAX {
                let content = Content::TooLong(&self.row);
                return Ok(Some(Row { line: self.line, content }));
            }
            if !self.row.trim_ascii().is_empty() {
                let content = Content::Json(self.row.trim_ascii());
                return Ok(Some(Row { line: self.line, content }));
            }
        }
    }

    /// Reads to the end of the line, keeping only as much as a row may have. Gives its length.
    fn read_line(&mut self) -> Result<Option<usize>> {
        let mut length: usize = 0;
        loop {
            let bytes = peek(&mut self.text)?;
            if bytes.is_empty() {
                return Ok((length > 0).then_some(length));
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            let room = ROW_BYTES_MAX.saturating_sub(self.row.len());
            self.row.extend(piece.iter().take(room));
            length = length.saturating_add(piece.len());
            let taken = piece.len() + usize::from(end.is_some());
            self.text.consume(taken);
            if end.is_some() {
                return Ok(Some(length));
            }
        }
    }
}
