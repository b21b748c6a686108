//! A `Cargo.toml` as the rules see it.

use toml::{Table, Value};

use crate::problem::Problem;
use crate::workspace::TextFile;

/// A parsed manifest and its text, for line numbers.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) path: String,
    text: String,
    table: Table,
}

/// How a dependency reaches the crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Ordinary, build and target dependencies: what a user of the crate gets.
    Normal,
    /// Tests and examples only.
    Dev,
    /// Pinned for the members of a workspace.
    Pinned,
}

/// One dependency of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    /// The name of the package, not of an alias.
    pub(super) package: String,
    pub(super) reach: Reach,
    pub(super) version: Option<String>,
    pub(super) is_inherited: bool,
    pub(super) is_path: bool,
    pub(super) line: usize,
}

impl Manifest {
    pub(super) fn new(file: TextFile) -> Result<Self, Problem> {
        let TextFile { path, text } = file;
        let table = text.parse::<Table>().map_err(|error| {
            Problem::new(
                format!("cannot read `{path}`"),
                error.to_string(),
                "cargo metadata --no-deps --format-version 1",
            )
        })?;
        Ok(Self { path, text, table })
    }

    /// The name of the package; `None` for a workspace without one.
    pub(super) fn package(&self) -> Option<&str> {
        self.get("package")?.get("name")?.as_str()
    }

    /// Whether the lints are those of the workspace.
    pub(super) fn inherits_lints(&self) -> bool {
        let inherited = self.get("lints").and_then(|lints| lints.get("workspace"));
        inherited.and_then(Value::as_bool) == Some(true)
    }

    /// Every dependency, with those of single targets.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        let mut found = self.dependencies_of(&self.table);
        let targets = self.get("target").and_then(Value::as_table);
        for target in targets.into_iter().flat_map(Table::values).filter_map(Value::as_table) {
            found.extend(self.dependencies_of(target));
        }
        if let Some(workspace) = self.get("workspace").and_then(Value::as_table) {
            found.extend(self.section(workspace, "dependencies", Reach::Pinned));
        }
        found
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.table.get(key)
    }

    fn dependencies_of(&self, table: &Table) -> Vec<Dependency> {
        let mut found = self.section(table, "dependencies", Reach::Normal);
        found.extend(self.section(table, "build-dependencies", Reach::Normal));
        found.extend(self.section(table, "dev-dependencies", Reach::Dev));
        found
    }

    fn section(&self, table: &Table, name: &str, reach: Reach) -> Vec<Dependency> {
        let section = table.get(name).and_then(Value::as_table);
        let entries = section.into_iter().flatten();
        entries.map(|(alias, value)| self.dependency(alias, value, reach)).collect()
    }

    fn dependency(&self, alias: &str, value: &Value, reach: Reach) -> Dependency {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        Dependency {
            package: text("package").unwrap_or(alias).to_owned(),
            reach,
            version: value.as_str().or_else(|| text("version")).map(str::to_owned),
            is_inherited: value.get("workspace").and_then(Value::as_bool) == Some(true),
            is_path: text("path").is_some(),
            line: self.line_of(alias),
        }
    }

    /// The first line that begins with `key` or names it in a header.
    fn line_of(&self, key: &str) -> usize {
        let header = format!("dependencies.{key}]");
        let is_key = |line: &str| {
            let rest = line.trim_start().trim_start_matches('"').strip_prefix(key);
            rest.is_some_and(|rest| rest.starts_with([' ', '=', '.', '"']))
                || line.ends_with(&header)
        };
        self.text.lines().position(is_key).map_or(1, |i| i + 1)
    }
}

#[cfg(test)]
pub(super) fn sample(path: &str, text: &str) -> Manifest {
    Manifest::new(super::file(path, text)).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_every_section_are_found_with_their_lines() {
        let manifest = sample(
            "a/Cargo.toml",
            "[package]\nname = \"a\"\n\
             [dependencies]\nb = \"1\"\nc = { workspace = true }\n\
             [dev-dependencies]\nd.workspace = true\n\
             [target.'cfg(unix)'.dependencies]\ne = { package = \"f\", version = \"2\" }\n\
             [workspace.dependencies]\ng = { path = \"g\", version = \"3\" }\n",
        );
        let found = manifest.dependencies();
        let shown: Vec<_> = found
            .iter()
            .map(|d| (d.package.as_str(), d.reach, d.version.as_deref(), d.line))
            .collect();
        assert_eq!(
            shown,
            [
                ("b", Reach::Normal, Some("1"), 4),
                ("c", Reach::Normal, None, 5),
                ("d", Reach::Dev, None, 7),
                ("f", Reach::Normal, Some("2"), 9),
                ("g", Reach::Pinned, Some("3"), 11),
            ]
        );
        assert!(found[1].is_inherited && found[2].is_inherited && found[4].is_path);
        assert_eq!(manifest.package(), Some("a"));
    }

    #[test]
    fn lints_are_inherited_or_not() {
        assert!(sample("a", "[lints]\nworkspace = true\n").inherits_lints());
        assert!(sample("a", "lints.workspace = true\n").inherits_lints());
        assert!(!sample("a", "[lints]\nworkspace = false\n").inherits_lints());
        assert!(!sample("a", "[package]\nname = \"a\"\n").inherits_lints());
    }

    #[test]
    fn a_manifest_that_does_not_parse_is_named() {
        let problem = Manifest::new(super::super::file("a/Cargo.toml", "[")).unwrap_err();
        assert!(problem.to_string().contains("a/Cargo.toml"), "{problem}");
    }
}
