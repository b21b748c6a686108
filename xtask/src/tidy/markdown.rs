//! Documents hold one sentence per line, so that a change shows as the
//! sentence that changed.

use super::Finding;
use crate::workspace::TextFile;

/// Abbreviations whose full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &["e.g.", "i.e.", "etc.", "vs.", "cf."];

pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_fenced = false;
    for (i, line) in file.text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") {
            is_fenced = !is_fenced;
        }
        if !is_fenced && !line.starts_with('|') && has_two_sentences(&without_code(line)) {
            let what = "two sentences share a line";
            findings.push(Finding::new(&file.path, i + 1, what, "break the line between them"));
        }
    }
    findings
}

/// A word that ends a sentence, and a word after it that starts one.
fn has_two_sentences(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.windows(2).any(|pair| match pair {
        [word, next] => ends_sentence(word) && starts_sentence(next),
        _ => false,
    })
}

fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches(['*', '_', '"', ')']);
    let before = bare.strip_suffix(['.', '!', '?']).unwrap_or_default();
    // `1.` numbers a list and `J.` is somebody's name.
    before.len() > 1
        && !before.bytes().all(|b| b.is_ascii_digit())
        && !ABBREVIATIONS.contains(&bare)
}

fn starts_sentence(word: &str) -> bool {
    word.trim_start_matches(['*', '_', '"', '(', '['])
        .starts_with(|c: char| c.is_uppercase() || c == '`')
}

/// The line with each code span replaced by a pair of backquotes.
fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts.map(|(i, part)| if i % 2 == 0 { part } else { "``" }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn check_lines(text: &str) -> Vec<usize> {
        check(&file("a.md", text)).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn two_sentences_on_a_line_are_reported() {
        assert_eq!(check_lines("One.\nTwo is here. Three too.\n"), [2]);
        assert_eq!(check_lines("- **Bold.** Then more.\n"), [1]);
        assert_eq!(check_lines("Run it. `cargo test` is enough.\n"), [1]);
    }

    #[test]
    fn other_full_stops_are_not() {
        for text in [
            "One sentence, e.g. This one.",
            "1. First item of a list",
            "Version 1.2 of `a. B` is old.",
            "| A cell. With two. | Sentences. |",
            "```\nA. Block. Of code.\n```",
            "## A heading",
        ] {
            assert!(check_lines(text).is_empty(), "{text}");
        }
    }
}
