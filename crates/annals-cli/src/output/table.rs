//! Aligned columns for people.

use std::io::{self, Write};

use super::Style;

/// Rows that are collected to find the widths of the columns.
const WINDOW_ROWS: usize = 500;
/// Between two columns.
const GAP: &str = "  ";

/// Rows of a table. Widths follow from the first rows; later rows may widen a column.
#[derive(Debug)]
pub(super) struct Table {
    style: Style,
    width_max: Option<usize>,
    columns: &'static [&'static str],
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table as wide as the terminal, if there is one.
    pub(super) fn new(style: Style) -> Self {
        let width_max = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self { style, width_max, columns: &[], widths: Vec::new(), rows: Vec::new() }
    }

    pub(super) fn row(
        &mut self,
        out: &mut dyn Write,
        columns: &'static [&'static str],
        cells: &[String],
    ) -> io::Result<()> {
        self.columns = columns;
        self.rows.push(cells.iter().map(|cell| escape(cell)).collect());
        if self.rows.len() >= WINDOW_ROWS { self.flush(out) } else { Ok(()) }
    }

    /// Writes the collected rows, after the header if they are the first.
    pub(super) fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let is_first = self.widths.is_empty();
        if is_first {
            self.widths = self.columns.iter().map(|name| width(name)).collect();
        }
        for row in &self.rows {
            for (have, cell) in self.widths.iter_mut().zip(row) {
                *have = std::cmp::max(*have, width(cell));
            }
        }
        if is_first {
            let header: Vec<_> = self.columns.iter().map(|name| (*name).to_owned()).collect();
            let line = self.line(&header);
            writeln!(out, "{}", self.style.bold(&line))?;
        }
        for row in std::mem::take(&mut self.rows) {
            writeln!(out, "{}", self.line(&row))?;
        }
        Ok(())
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for (cell, width_of_column) in cells.iter().zip(&self.widths) {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            line.push_str(cell);
            let missing = width_of_column.saturating_sub(width(cell));
            line.extend(std::iter::repeat_n(' ', missing));
        }
        cut(line.trim_end(), self.width_max)
    }
}

/// One thing with its parts below one another.
pub(super) fn named(
    out: &mut dyn Write,
    names: &[&str],
    cells: &[String],
    style: Style,
) -> io::Result<()> {
    let widest = names.iter().map(|name| width(name)).max().unwrap_or_default();
    for (name, cell) in names.iter().zip(cells) {
        let label = format!("{name:widest$}");
        writeln!(out, "{}{GAP}{}", style.bold(&label), escape(cell))?;
    }
    Ok(())
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text, or as much as fits with a mark that something is missing.
fn cut(text: &str, width_max: Option<usize>) -> String {
    match width_max {
        Some(max) if width(text) > max => {
            let kept = text.chars().take(max.saturating_sub(1));
            kept.chain(['\u{2026}']).collect()
        }
        _ => text.to_owned(),
    }
}

/// Makes control characters visible, so that stored text can neither break a row nor command the
/// terminal.
pub(crate) fn escape(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if character.is_control() {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width_max: Option<usize>) -> String {
        let mut table = Table { width_max, ..Table::new(Style::Plain) };
        let mut out = Vec::new();
        for cells in [["account-1", "1"], ["a\tb\u{1b}[2J", "1000"]] {
            table.row(&mut out, &["STREAM", "N"], &cells.map(str::to_owned)).unwrap();
        }
        table.flush(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned_and_control_characters_shown() {
        let expected = "STREAM         N\naccount-1      1\na\\tb\\u{1b}[2J  1000\n";
        assert_eq!(table(None), expected);
    }

    #[test]
    fn rows_are_cut_to_the_terminal() {
        assert!(table(Some(8)).lines().all(|line| line.chars().count() <= 8));
    }
}
