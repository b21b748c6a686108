//! Comma-separated values: the first row names the columns.

use std::{
    io::{self, BufRead, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use annals::{Error, Result};

use super::{
    Mapping, ROW_BYTES_MAX,
    rows::{Content, Row, Text, unreadable},
};

/// The rows of a CSV file.
pub(super) struct Csv {
    reader: csv::Reader<Rationed>,
    ration: Arc<AtomicUsize>,
    columns: Vec<String>,
    row: csv::ByteRecord,
}

/// Gives out a ration of bytes per row, so that a quote that is never closed cannot pull the rest
/// of the file into memory.
struct Rationed {
    text: Text,
    ration: Arc<AtomicUsize>,
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.ration.load(Ordering::Relaxed);
        if left == 0 {
            let why = format!("a row is longer than {ROW_BYTES_MAX} bytes; is a quote not closed?");
            return Err(io::Error::other(why));
        }
        let bytes = self.text.fill_buf()?;
        let count = bytes.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.text.consume(count);
        self.ration.store(left.saturating_sub(count), Ordering::Relaxed);
        Ok(count)
    }
}

impl Csv {
    /// Reads the header.
    ///
    /// # Errors
    /// No header, or a header that names a column twice or is no text.
    pub(super) fn new(text: Text, mapping: &Mapping) -> Result<Self> {
        let ration = Arc::new(AtomicUsize::new(ROW_BYTES_MAX));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(mapping.delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(Rationed { text, ration: Arc::clone(&ration) });
        let mut row = csv::ByteRecord::new();
        reader.read_byte_record(&mut row).map_err(broken)?;
        let columns = columns(&row)?;
        Ok(Self { reader, ration, columns, row })
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        self.ration.store(ROW_BYTES_MAX, Ordering::Relaxed);
        if !self.reader.read_byte_record(&mut self.row).map_err(broken)? {
            return Ok(None);
        }
        let line = self.row.position().map_or(0, csv::Position::line);
        Ok(Some(Row { line, content: Content::Cells(&self.row) }))
    }
}

fn columns(header: &csv::ByteRecord) -> Result<Vec<String>> {
    let mut columns: Vec<String> = Vec::new();
    for cell in header {
        let name = str::from_utf8(cell).map_err(|error| {
            Error::invalid("line 1: the header is not UTF-8 text").caused_by(error)
        })?;
        if columns.iter().any(|known| known == name) {
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
