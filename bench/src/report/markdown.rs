//! The table as Markdown, and how it gets into a page that says more.

use std::{fmt::Write, fs, io, path::Path};

use super::{Report, Row, figure::digits, figure::quantity};

const BEGIN: &str = "<!-- table: begin -->";
const END: &str = "<!-- table: end -->";

impl Report {
    /// The table with a line about the run above it.
    pub(crate) fn to_markdown(&self) -> String {
        let machine = &self.machine;
        let mut facts = vec![format!("{} cores", machine.cores)];
        facts.extend(
            machine.memory_bytes.map(|bytes| format!("{}B memory", quantity(bytes as f64))),
        );
        facts.extend(machine.file_system.clone());
        facts.extend(self.about.clone());
        facts.extend(machine.load_before.map(|load| format!("load {load} at the start")));
        let mut out = format!(
            "`{}` on {} ({}).\n\n\
             | row | annals | reference | ratio | target | verdict |\n\
             | --- | ---: | ---: | ---: | ---: | --- |\n",
            self.command,
            self.measured_at,
            facts.join(", ")
        );
        for row in &self.rows {
            out.push_str(&line(row));
        }
        out.push_str(&self.reasons());
        out
    }

    /// Why some could not be compared with.
    fn reasons(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for row in &self.rows {
            let reason = row.unable.as_ref();
            let line =
                reason.map(|unable| format!("- {}: {}, {}.\n", row.name, unable.what, unable.why));
            lines.extend(line);
        }
        if !lines.is_empty() {
            lines.insert(0, String::from("\nNot to be compared:\n\n"));
        }
        lines.concat()
    }

    /// Writes the table to a file: between its marks, or as the whole file.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn write_markdown(&self, path: &Path) -> io::Result<()> {
        let table = format!("{BEGIN}\n{}{END}\n", self.to_markdown());
        let page = match fs::read_to_string(path) {
            Ok(page) => page,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        fs::write(path, replaced(&page, &table))
    }
}

/// A page with its table replaced.
fn replaced(page: &str, table: &str) -> String {
    let around = page.split_once(BEGIN).and_then(|(before, rest)| {
        rest.split_once(END).map(|(_, after)| (before, after.trim_start_matches('\n')))
    });
    match around {
        Some((before, "")) => format!("{before}{table}"),
        Some((before, after)) => format!("{before}{table}\n{after}"),
        None => table.to_owned(),
    }
}

fn line(row: &Row) -> String {
    let mut reference = String::new();
    if let Some(found) = &row.reference {
        write!(reference, "{}: {}", found.what, found.figure).unwrap_or_default();
    }
    if let Some(unable) = &row.unable {
        write!(reference, "{}: -", unable.what).unwrap_or_default();
    }
    let ratio = row.ratio.map_or_else(String::new, |ratio| {
        let [median, low, high] = [ratio.median, ratio.low, ratio.high].map(digits);
        if low == high { median } else { format!("{median} ({low} to {high})") }
    });
    let target = row.target.as_deref().unwrap_or_default();
    format!(
        "| {} | {} | {reference} | {ratio} | {target} | {} |\n",
        row.name,
        row.annals,
        row.verdict()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = format!("before\n\n{BEGIN}\nold\n{END}\n\nafter\n");
        let table = format!("{BEGIN}\nnew\n{END}\n");
        assert_eq!(replaced(&page, &table), format!("before\n\n{table}\nafter\n"));
        assert_eq!(replaced("", &table), table);
    }

    #[test]
    fn a_line_has_six_cells() {
        let row = Row::rates("a", ("events", "b"), &[(1_000.0, 500.0)]);
        assert_eq!(line(&row), "| a | 1.00 k events/s | b: 500 events/s | 2.00 |  |  |\n");
    }
}
