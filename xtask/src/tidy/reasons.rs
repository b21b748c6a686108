//! Every third-party dependency has its reason in ARCHITECTURE.md, and no
//! reason outlives its dependency.

use super::Finding;
use super::manifest::{Manifest, Reach};
use crate::workspace::TextFile;

pub(super) const PATH: &str = "ARCHITECTURE.md";

/// The section whose table gives the reasons, a row for each crate.
const SECTION: &str = "## Dependencies";

pub(super) fn check(root: &Manifest, document: &TextFile) -> Vec<Finding> {
    let rows = rows(&document.text);
    let mut pinned = root.dependencies();
    pinned.retain(|dependency| dependency.reach == Reach::Pinned && !dependency.is_path);

    let mut findings = Vec::new();
    for dependency in &pinned {
        let package = &dependency.package;
        if !rows.iter().any(|(_, name)| name == package) {
            let what = format!("`{package}` has no reason in {PATH}");
            findings.push(Finding::new(&root.path, dependency.line, what, "add a row for it"));
        }
    }
    for (line, name) in rows {
        if !pinned.iter().any(|dependency| dependency.package == name) {
            let what = format!("`{name}` is no dependency");
            findings.push(Finding::new(&document.path, line, what, "delete the row"));
        }
    }
    findings
}

/// The names in the first column of the section's table, and their lines.
fn rows(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate();
    let section = lines.skip_while(|(_, line)| *line != SECTION).skip(1);
    section
        .take_while(|(_, line)| !line.starts_with("## "))
        .flat_map(|(i, line)| {
            let cell = line.strip_prefix('|').and_then(|rest| rest.split('|').next());
            let names = cell.unwrap_or_default().split(',').map(str::trim);
            let names = names.filter_map(|name| name.strip_prefix('`')?.strip_suffix('`'));
            names.map(|name| (i + 1, name.to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::super::manifest::sample;
    use super::*;

    fn check_one(pins: &str, document: &str) -> Vec<String> {
        let root = sample("Cargo.toml", &format!("[workspace.dependencies]\n{pins}"));
        let findings = check(&root, &file(PATH, document));
        findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_dependency_needs_a_reason() {
        let pins = "bytes = \"1\"\nown = { path = \"own\" }\n";
        let table = "## Dependencies\n| Crate | Reason |\n| --- | --- |\n| `bytes` | shared |\n";
        assert!(check_one(pins, table).is_empty());
        assert_eq!(
            check_one(pins, "## Words\n| `bytes` | elsewhere |\n"),
            ["Cargo.toml:2: `bytes` has no reason in ARCHITECTURE.md; add a row for it"]
        );
    }

    #[test]
    fn one_row_may_give_the_reason_of_several() {
        let table = "## Dependencies\n| `a`, `b` | together |\n## Next\n| `c` | no |\n";
        assert!(check_one("a = \"1\"\nb = \"1\"\n", table).is_empty());
    }

    #[test]
    fn a_reason_needs_a_dependency() {
        assert_eq!(
            check_one("", "## Dependencies\n\n| `gone` | was useful |\n"),
            ["ARCHITECTURE.md:3: `gone` is no dependency; delete the row"]
        );
    }
}
