//! What a file holds, told by its beginning.

use std::io::BufRead;

use annals::Result;

use super::{
    Format, Mapping,
    array::Array,
    csv::Csv,
    lines::Lines,
    rows::{Rows, Text, peek},
};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Chooses how to cut a text into rows.
pub(super) fn rows(mut text: Text, mapping: &Mapping) -> Result<Rows> {
    if peek(&mut text)?.starts_with(BYTE_ORDER_MARK) {
        text.consume(BYTE_ORDER_MARK.len());
    }
    let first = peek(&mut text)?.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    Ok(match (mapping.format, first) {
        (Format::Auto | Format::Json, Some(b'[')) => Rows::Array(Array::new(text)),
        (Format::Json, _) | (Format::Auto, Some(b'{')) => Rows::Lines(Lines::new(text)),
        (Format::Csv | Format::Auto, _) => Rows::Csv(Csv::new(text, mapping)?),
    })
}
