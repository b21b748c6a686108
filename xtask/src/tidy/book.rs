//! The book: every chapter is listed, is tested, and links to what is there.

use std::collections::{HashMap, HashSet};

use super::Finding;
use crate::workspace::TextFile;

/// Where the chapters are.
const FOLDER: &str = "docs/book/src/";
/// The list of chapters, which is no chapter.
const SUMMARY: &str = "docs/book/src/SUMMARY.md";
/// The list of chapters whose code is tested.
pub(super) const TESTED: &str = "crates/annals/src/book.rs";

/// Checks the chapters among the documents against both lists.
pub(super) fn check(documents: &[TextFile], tested: &TextFile) -> Vec<Finding> {
    let in_book = |file: &&TextFile| file.path.starts_with(FOLDER);
    let files: HashMap<&str, &TextFile> =
        documents.iter().filter(in_book).map(|file| (file.path.as_str(), file)).collect();
    let Some(summary) = files.get(SUMMARY) else {
        return vec![Finding::new(SUMMARY, 1, "the book has no list of chapters", "write it")];
    };
    let listed: HashSet<String> = links(summary).into_iter().map(|link| link.path).collect();
    let mut findings = Vec::new();
    for file in files.values() {
        findings.extend(dead_links(file, &files));
        findings.extend(bare_fences(file));
        if file.path == SUMMARY {
            continue;
        }
        if !listed.contains(&file.path) {
            let hint = format!("add it to {SUMMARY}");
            findings.push(Finding::new(&file.path, 1, "this chapter is not listed", hint));
        }
        if !tested.text.contains(&format!("\"{}\"", &file.path[FOLDER.len()..])) {
            let hint = format!("add it to the list in {TESTED}");
            findings.push(Finding::new(&file.path, 1, "this chapter is not tested", hint));
        }
    }
    findings
}

fn dead_links(file: &TextFile, files: &HashMap<&str, &TextFile>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Link { line, path, heading } in links(file) {
        let what = match files.get(path.as_str()) {
            None => format!("there is no chapter `{path}`"),
            Some(chapter) if heading.is_empty() || has_heading(chapter, &heading) => continue,
            Some(_) => format!("there is no heading `#{heading}` in `{path}`"),
        };
        findings.push(Finding::new(&file.path, line, what, "correct the link"));
    }
    findings
}

/// Without a language, a doc test takes a block for Rust.
fn bare_fences(file: &TextFile) -> Vec<Finding> {
    let fences = file.text.lines().enumerate().filter(|(_, line)| line.starts_with("```"));
    let opening = fences.step_by(2).filter(|(_, line)| line.trim_end() == "```");
    let hint = "name the language: rust, toml, sh, text";
    opening.map(|(i, _)| Finding::new(&file.path, i + 1, "a block of no language", hint)).collect()
}

/// A link from one chapter to another.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    line: usize,
    /// From the root of the repository.
    path: String,
    /// The part behind `#`.
    heading: String,
}

/// The links to chapters, outside of code.
fn links(file: &TextFile) -> Vec<Link> {
    let mut links = Vec::new();
    let mut is_code = false;
    for (i, line) in file.text.lines().enumerate() {
        is_code ^= line.starts_with("```");
        for target in line.split("](").skip(1).filter(|_| !is_code) {
            let target = target.split(')').next().unwrap_or_default();
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let is_chapter = path.is_empty() || (path.ends_with(".md") && !path.contains("://"));
            if is_chapter {
                let path = if path.is_empty() { file.path.clone() } else { join(&file.path, path) };
                links.push(Link { line: i + 1, path, heading: heading.to_owned() });
            }
        }
    }
    links
}

/// The path that a link of a file leads to.
fn join(file: &str, link: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn has_heading(file: &TextFile, anchor: &str) -> bool {
    let mut headings = file.text.lines().filter(|line| line.starts_with('#'));
    headings.any(|line| anchor_of(line.trim_start_matches('#').trim()) == anchor)
}

/// The anchor that mdBook gives a heading.
fn anchor_of(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || "_- ".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn found(chapter: &str, tested: &str) -> Vec<String> {
        let documents = [
            file(SUMMARY, "- [A](a.md)\n- [B](how/b.md)\n"),
            file("docs/book/src/a.md", chapter),
            file("docs/book/src/how/b.md", "# What is B?\n[A](../a.md)\n"),
        ];
        let findings = check(&documents, &file(TESTED, tested));
        findings.into_iter().map(|finding| format!("{}: {}", finding.line, finding.what)).collect()
    }

    #[test]
    fn a_book_in_order_is_accepted() {
        let chapter = "# A\n[B](how/b.md#what-is-b) [here](#a) [web](https://a.b/c.md)\n\
                       ```rust\nlet x = y[0](z.md);\n```\n";
        assert!(found(chapter, "a: \"a.md\", b: \"how/b.md\"").is_empty());
    }

    #[test]
    fn dead_links_and_blocks_of_no_language_are_reported() {
        let chapter = "[C](c.md)\n[B](how/b.md#c)\n```\nfn main() {}\n```\n";
        let mut findings = found(chapter, "\"a.md\" \"how/b.md\"");
        findings.sort();
        assert_eq!(
            findings,
            [
                "1: there is no chapter `docs/book/src/c.md`",
                "2: there is no heading `#c` in `docs/book/src/how/b.md`",
                "3: a block of no language",
            ]
        );
    }

    #[test]
    fn a_chapter_that_is_not_listed_or_not_tested_is_reported() {
        assert_eq!(found("# A\n", "\"how/b.md\""), ["1: this chapter is not tested"]);
        let documents = [file(SUMMARY, "# Summary\n"), file("docs/book/src/a.md", "# A\n")];
        let findings = check(&documents, &file(TESTED, "\"a.md\""));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].what, "this chapter is not listed");
    }

    #[test]
    fn a_book_without_a_list_is_reported() {
        assert_eq!(check(&[], &file(TESTED, "")).len(), 1);
    }
}
