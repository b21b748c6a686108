//! The list of files and functions that may be longer than the limits.
//!
//! One entry a line, `path:function reason` or `path reason`; lines that start
//! with `#` and empty lines say nothing.
//! An entry without a reason is a finding, and so is one that nothing needs.

use std::cell::Cell;

use super::Finding;
use crate::workspace::TextFile;

pub(super) const PATH: &str = "xtask/tidy-allow.txt";

/// The entries of the list, each remembering whether it was needed.
#[derive(Debug)]
pub(super) struct Allowed {
    path: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    line: usize,
    subject: String,
    has_reason: bool,
    is_used: Cell<bool>,
}

impl Allowed {
    pub(super) fn new(file: &TextFile) -> Self {
        let lines = file.text.lines().enumerate();
        let entries = lines
            .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
            .map(|(i, line)| {
                let (subject, reason) = line.split_once(' ').unwrap_or((line, ""));
                Entry {
                    line: i + 1,
                    subject: subject.to_owned(),
                    has_reason: !reason.trim().is_empty(),
                    is_used: Cell::new(false),
                }
            })
            .collect();
        Self { path: file.path.clone(), entries }
    }

    /// Whether `subject` (a path or `path:function`) is on the list.
    pub(super) fn allows(&self, subject: &str) -> bool {
        let entry = self.entries.iter().find(|entry| entry.subject == subject);
        if let Some(entry) = entry {
            entry.is_used.set(true);
        }
        entry.is_some()
    }

    /// What is wrong with the list itself, once everything was asked for.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for entry in &self.entries {
            let subject = &entry.subject;
            if !entry.has_reason {
                let what = format!("`{subject}` has no reason");
                findings.push(Finding::new(
                    &self.path,
                    entry.line,
                    what,
                    "say why it must stay long",
                ));
            }
            if !entry.is_used.get() {
                let what = format!("nothing needs the entry `{subject}`");
                findings.push(Finding::new(&self.path, entry.line, what, "delete the line"));
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn sample() -> Allowed {
        Allowed::new(&file(PATH, "# comment\n\na.rs a list\nb.rs:f\n"))
    }

    #[test]
    fn entries_are_found_by_path_and_by_function() {
        let allowed = sample();
        assert!(allowed.allows("a.rs") && allowed.allows("b.rs:f"));
        assert!(!allowed.allows("b.rs") && !allowed.allows("b.rs:g"));
    }

    #[test]
    fn missing_reasons_and_needless_entries_are_reported() {
        let allowed = sample();
        assert!(allowed.allows("b.rs:f"));
        let shown: Vec<_> = allowed.findings().iter().map(Finding::to_string).collect();
        assert_eq!(
            shown,
            [
                "xtask/tidy-allow.txt:3: nothing needs the entry `a.rs`; delete the line",
                "xtask/tidy-allow.txt:4: `b.rs:f` has no reason; say why it must stay long",
            ]
        );
    }
}
