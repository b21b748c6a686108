//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! A rule is a function from a file to findings, in a file of its own beside
//! samples that it must accept and samples that it must report.
//! Rules read text; none of them needs a build.
//! The test at the end runs all of them over this repository, so a plain
//! `cargo test` covers them.

mod allow;
mod archives;
mod ascii;
mod banned;
mod bare_matches;
mod book;
mod comments;
mod dependencies;
mod layers;
mod manifest;
mod markdown;
mod names;
mod pins;
mod reasons;
mod size;

use std::fmt;
use std::process::ExitCode;

use crate::problem::Problem;
use crate::source::Source;
use crate::workspace;

use manifest::Manifest;
pub(crate) use size::FUNCTION_LINES_MAX;

pub(crate) const HELP: &str = "\
Checks what no compiler checks: the direction of dependencies, inherited lints
and versions, module comments, file and function sizes, statements that assert
nothing, sleeps, ignored tests, leftover marks, layers inside the engine,
archives, and the form of the documentation.

Each finding is one line: path:line: what; what to do.
A file or function that must stay long is listed with its reason in
xtask/tidy-allow.txt; an entry that is no longer needed is a finding too.
";

/// One thing that is not in order, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    what: String,
    hint: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), hint: hint.into() }
    }

    /// A finding at an offset of a Rust file.
    fn at(
        source: &Source,
        offset: usize,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(&source.path, source.line_of(offset), what, hint)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.hint)
    }
}

/// Rules that look at one Rust file.
const SOURCE_RULES: &[fn(&Source) -> Vec<Finding>] = &[
    ascii::check,
    banned::check,
    bare_matches::check,
    comments::check,
    layers::check,
    names::check,
];

/// Rules that look at one manifest beside the root's.
const MANIFEST_RULES: &[fn(&Manifest, root: &Manifest) -> Vec<Finding>] =
    &[dependencies::check, pins::lints, pins::inherited, pins::equal];

pub(crate) fn run(_args: &[String]) -> Result<ExitCode, Problem> {
    Ok(if is_tidy()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints every finding and a summary; whether there was none.
pub(crate) fn is_tidy() -> Result<bool, Problem> {
    let findings = findings()?;
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} findings", findings.len());
    Ok(findings.is_empty())
}

fn findings() -> Result<Vec<Finding>, Problem> {
    let mut findings = Vec::new();
    let sources: Vec<_> = workspace::rust_files()?.into_iter().map(Source::new).collect();
    for source in &sources {
        findings.extend(SOURCE_RULES.iter().flat_map(|rule| rule(source)));
    }
    findings.extend(size::check(&sources, &workspace::read(allow::PATH)?));
    findings.extend(manifest_findings()?);
    findings.extend(archives::check(&workspace::paths(archives::is_archive)?));
    let documents = workspace::markdown_files()?;
    findings.extend(documents.iter().flat_map(markdown::check));
    findings.extend(book::check(&documents, &workspace::read(book::TESTED)?));
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(findings)
}

fn manifest_findings() -> Result<Vec<Finding>, Problem> {
    let mut findings = Vec::new();
    let root = Manifest::new(workspace::read("Cargo.toml")?)?;
    for file in workspace::manifests()? {
        let manifest = Manifest::new(file)?;
        findings.extend(MANIFEST_RULES.iter().flat_map(|rule| rule(&manifest, &root)));
    }
    findings.extend(reasons::check(&root, &workspace::read(reasons::PATH)?));
    Ok(findings)
}

#[cfg(test)]
fn file(path: &str, text: &str) -> workspace::TextFile {
    workspace::TextFile { path: path.to_owned(), text: text.to_owned() }
}

/// Runs a rule over one sample; the lines it reports.
#[cfg(test)]
fn reported(rule: fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    let source = crate::source::sample(path, text);
    rule(&source).into_iter().map(|finding| finding.line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let findings = findings().unwrap();
        let shown: Vec<_> = findings.iter().map(Finding::to_string).collect();
        assert!(shown.is_empty(), "\n{}\n", shown.join("\n"));
    }

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let finding = Finding::new("a.rs", 3, "it is long", "split it");
        assert_eq!(finding.to_string(), "a.rs:3: it is long; split it");
    }
}
