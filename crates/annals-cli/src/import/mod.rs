//! Reading events from files: CSV, NDJSON, JSON arrays and CloudEvents, plain or compressed.
//!
//! Bytes become records in four steps, each a file of its own: `compression` undoes gzip and
//! zstd, `rows` cuts the text into rows (`csv`, `lines`, `array`), `shape` decides what a row
//! stands for (`plain`, `native`, `cloudevent`), and `records` numbers them and derives ids.
//!
//! What must stay true: memory is bounded whatever the input (one row of at most
//! [`ROW_BYTES_MAX`] at a time); a bad row is told by its line and does not hide the rows after
//! it; the same input under the same mapping always gives the same records with the same ids.

mod array;
mod batch;
mod cloudevent;
mod compression;
mod csv;
mod detect;
mod fields;
mod lines;
mod load;
mod mapping;
mod native;
mod plain;
mod record;
mod records;
mod rows;
mod template;

pub(crate) use fields::Fields;
pub(crate) use load::{Load, Loaded, OnError, Step, load};
pub use mapping::{Format, Mapping};
pub(crate) use native::parse as parse_native;
pub use record::{BadRecord, Record};
pub(crate) use records::Records;
pub use template::Template;

#[cfg(test)]
mod tests;

/// Longest row: room for the largest event in base64, with its metadata.
pub const ROW_BYTES_MAX: usize = 2 * annals::limits::EVENT_BYTES_MAX + 1024 * 1024;

/// Reads all records of a file that is in memory.
///
/// # Errors
/// What makes the rest unreadable: a damaged compression, an array that is none, a mapping that
/// names columns that are not there. A record that is bad by itself is an `Err` in the list.
pub fn parse_all(
    bytes: &[u8],
    mapping: &Mapping,
) -> annals::Result<Vec<Result<Record, BadRecord>>> {
    let input = std::io::Cursor::new(bytes.to_vec());
    let records = Records::new(Box::new(input), mapping, "")?;
    records.map(|row| Ok(row?.record)).collect()
}
