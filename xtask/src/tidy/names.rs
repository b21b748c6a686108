//! Modules have names of their own; a drawer for everything is not a name.

use super::Finding;
use crate::source::{Source, byte_after, identifier_at};

const DRAWERS: &[&str] = &["utils", "util", "helpers", "helper", "misc", "common"];

const HINT: &str = "name the module after what it holds";

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in source.path.split('/') {
        let stem = part.strip_suffix(".rs").unwrap_or(part);
        if DRAWERS.contains(&stem) {
            findings.push(Finding::new(&source.path, 1, format!("`{stem}` is no name"), HINT));
        }
    }
    for offset in source.words("mod") {
        let name = identifier_at(&source.code, offset + "mod ".len());
        let is_inline = byte_after(&source.code, offset + "mod ".len() + name.len()) == Some(b'{');
        if is_inline && DRAWERS.contains(&name) {
            findings.push(Finding::at(source, offset, format!("`{name}` is no name"), HINT));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::reported;
    use super::*;

    #[test]
    fn drawers_are_reported() {
        assert_eq!(reported(check, "crates/a/src/utils.rs", ""), [1]);
        assert_eq!(reported(check, "crates/a/tests/common/mod.rs", ""), [1]);
        assert_eq!(reported(check, "crates/a/src/b.rs", "\nmod helpers {}\n"), [2]);
    }

    #[test]
    fn names_are_not() {
        assert!(reported(check, "crates/a/src/frame.rs", "mod tests {}\nmod b;").is_empty());
        assert!(reported(check, "crates/a/src/uncommon.rs", "let common = 1;").is_empty());
    }
}
