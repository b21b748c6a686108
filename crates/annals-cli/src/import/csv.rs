//! Comma-separated values: the first row names the columns.

use std::{
    collections::{HashSet, VecDeque},
    io::{self, Read},
};

use annals::{Error, Result};

use super::{
    Mapping, ROW_BYTES_MAX,
    rows::{Content, Row, Text, unreadable},
};

/// The rows of a CSV file.
pub(super) struct Csv {
    reader: csv::Reader<Watched>,
    columns: Vec<String>,
    row: csv::ByteRecord,
}

/// The text on its way to the CSV reader.
///
/// It gives out a ration of bytes per row, so that a quote that is never closed cannot pull the
/// rest of the file into memory. And it counts lines, because the reader's own count is that of
/// the end of the row before: too low after empty lines and in files with `\r\n`.
struct Watched {
    text: Text,
    ration: usize,
    /// Bytes given out.
    offset: u64,
    /// Where line breaks were given out that `line_of` has not passed: offset and byte.
    breaks: VecDeque<(u64, u8)>,
    /// Lines that `line_of` has passed.
    lines: u64,
}

impl Watched {
    fn new(text: Text) -> Self {
        Self { text, ration: ROW_BYTES_MAX, offset: 0, breaks: VecDeque::new(), lines: 0 }
    }

    /// The line, from 1, of the first character from `offset` on that is no line break. Offsets
    /// are asked for in order.
    fn line_of(&mut self, mut offset: u64) -> u64 {
        while let Some((at, byte)) = self.breaks.front().copied().filter(|(at, _)| *at <= offset) {
            self.lines += u64::from(byte == b'\n');
            // What follows the break directly may be another one.
            offset = std::cmp::max(offset, at + 1);
            self.breaks.pop_front();
        }
        self.lines + 1
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ration == 0 {
            let why = format!("a row is longer than {ROW_BYTES_MAX} bytes; is a quote not closed?");
            return Err(io::Error::other(why));
        }
        let count = self.text.read(buffer)?;
        let given = buffer.get(..count).unwrap_or_default();
        for (offset, byte) in (self.offset..).zip(given) {
            if matches!(byte, b'\n' | b'\r') {
                self.breaks.push_back((offset, *byte));
            }
        }
        self.offset += count as u64;
        self.ration = self.ration.saturating_sub(count);
        Ok(count)
    }
}

impl Csv {
    /// Reads the header.
    ///
    /// # Errors
    /// No header, or a header that names a column twice or is no text.
    pub(super) fn new(text: Text, mapping: &Mapping) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(mapping.delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(Watched::new(text));
        let mut row = csv::ByteRecord::new();
        reader.read_byte_record(&mut row).map_err(broken)?;
        let columns = columns(&row)?;
        Ok(Self { reader, columns, row })
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        self.reader.get_mut().ration = ROW_BYTES_MAX;
        if !self.reader.read_byte_record(&mut self.row).map_err(broken)? {
            return Ok(None);
        }
        let offset = self.row.position().map_or(0, csv::Position::byte);
        let line = self.reader.get_mut().line_of(offset);
        Ok(Some(Row { line, content: Content::Cells(&self.row) }))
    }
}

fn columns(header: &csv::ByteRecord) -> Result<Vec<String>> {
    let mut columns: Vec<String> = Vec::new();
    let mut known = HashSet::new();
    for cell in header {
        let name = str::from_utf8(cell).map_err(|error| {
            Error::invalid("line 1: the header is not UTF-8 text").caused_by(error)
        })?;
        if !known.insert(name) {
            return Err(Error::invalid(format!("line 1: two columns are named `{name}`")));
        }
        columns.push(name.to_owned());
    }
    Ok(columns)
}

fn broken(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => unreadable(error),
        other => Error::invalid(format!("the CSV cannot be read on: {other:?}")),
    }
}
