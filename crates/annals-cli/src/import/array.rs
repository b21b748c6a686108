//! A JSON array: each element is a row. The elements are found by their brackets and strings
//! alone, one at a time; whether they are JSON is seen later.

use std::io::BufRead;

use annals::{Error, Result};

use super::{
    ROW_BYTES_MAX,
    rows::{Content, Row, Text, peek},
};

/// The elements of an array.
pub(super) struct Array {
    text: Text,
    line: u64,
    element: Vec<u8>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the `[`.
    Before,
    /// After the `[`: an element or the end.
    First,
    /// After a comma: an element.
    Element,
    /// After the `]`.
    After,
}

impl Array {
    pub(super) fn new(text: Text) -> Self {
        Self { text, line: 1, element: Vec::new(), stage: Stage::Before }
    }

    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        if self.stage == Stage::Before {
            self.expect(b'[')?;
            self.stage = Stage::First;
        }
        let begins = self.skip_space()?;
        match (self.stage, begins) {
            (Stage::After, None) => return Ok(None),
            (Stage::After, Some(_)) => return Err(self.broken("something follows the array")),
            (Stage::First, Some(b']')) => {
                self.expect(b']')?;
                self.stage = Stage::After;
                return self.next();
            }
            (_, Some(_)) => {}
            (_, None) => return Err(self.broken("the array does not end")),
        }
        let line = self.line;
        self.read_element()?;
        self.stage = match self.skip_space()? {
            Some(b',') => Stage::Element,
            Some(b']') => Stage::After,
            _ => return Err(self.broken("the array does not end")),
        };
        self.text.consume(1);
        Ok(Some(Row { line, content: Content::Json(self.element.trim_ascii()) }))
    }

    fn broken(&self, why: &str) -> Error {
        Error::invalid(format!("line {}: {why}", self.line))
    }

    /// The next byte that is no space, not taken.
    fn skip_space(&mut self) -> Result<Option<u8>> {
        loop {
            let bytes = peek(&mut self.text)?;
            let Some(byte) = bytes.first().copied() else { return Ok(None) };
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.line += u64::from(byte == b'\n');
            self.text.consume(1);
        }
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.skip_space()? != Some(byte) {
            return Err(self.broken("the array does not begin"));
        }
        self.text.consume(1);
        Ok(())
    }

    /// Reads up to the `,` or `]` after the element.
    fn read_element(&mut self) -> Result<()> {
        self.element.clear();
        let mut scan = Scan::default();
        loop {
            let bytes = peek(&mut self.text)?;
            if bytes.is_empty() {
                return Ok(());
            }
            let end = bytes.iter().position(|byte| scan.ends_before(*byte));
            let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            self.line += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.element.extend_from_slice(piece);
            let taken = piece.len();
            self.text.consume(taken);
            if self.element.len() > ROW_BYTES_MAX {
                return Err(
                    self.broken(&format!("an element is longer than {ROW_BYTES_MAX} bytes"))
                );
            }
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// Where in a JSON value the reading is.
#[derive(Debug, Default)]
struct Scan {
    depth: u64,
    is_in_string: bool,
    is_escaped: bool,
}

impl Scan {
    /// Takes a byte, unless the value ends before it.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.is_in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b',' | b']' if self.depth == 0 => return true,
            b'"' => self.is_in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}
