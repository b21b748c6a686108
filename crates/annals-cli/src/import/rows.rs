//! Rows: the pieces of a file that stand for one record each.

use std::io::{self, BufRead};

use annals::{Error, ErrorKind, Result};

use super::{array::Array, csv::Csv, lines::Lines};

/// Text to read rows from.
pub(super) type Text = io::BufReader<super::compression::Input>;

/// A piece of a file that stands for one record.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The line it begins on, from 1.
    pub(super) line: u64,
    /// What it holds.
    pub(super) content: Content<'a>,
}

/// What a row holds.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// The cells of a row of CSV.
    Cells(&'a ::csv::ByteRecord),
    /// The text of a JSON value.
    Json(&'a [u8]),
    /// The beginning of a row that is too long.
    TooLong(&'a [u8]),
}

/// The rows of a file.
pub(super) enum Rows {
    Csv(Csv),
    Lines(Lines),
    Array(Array),
}

impl Rows {
    /// The next row.
    ///
    /// # Errors
    /// What makes the rest unreadable.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Self::Csv(csv) => csv.next(),
            Self::Lines(lines) => lines.next(),
            Self::Array(array) => array.next(),
        }
    }
}

impl Content<'_> {
    /// The bytes that ids derive from.
    pub(super) fn digest_into(&self, digest: &mut Vec<u8>) {
        match self {
            Self::Cells(cells) => {
                for cell in *cells {
                    // The length keeps `a,bc` apart from `ab,c`.
                    digest.extend((cell.len() as u64).to_le_bytes());
                    digest.extend(cell);
                }
            }
            Self::Json(text) | Self::TooLong(text) => digest.extend(*text),
        }
    }
}

/// An error of the input itself.
pub(super) fn unreadable(error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        _ => ErrorKind::InvalidArgument,
    };
    Error::new(kind, "the input cannot be read on").caused_by(error)
}

/// The next bytes without taking them; a signal in between is no error.
pub(super) fn peek(text: &mut Text) -> Result<&[u8]> {
    // Borrowed anew after the loop, because the borrow checker cannot end it at the `continue`.
    while let Err(error) = text.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(unreadable(error));
        }
    }
    Ok(text.buffer())
}
