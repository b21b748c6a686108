//! Rust files are ASCII, so that what looks like a letter is that letter.
//!
//! Strings in tests are free: names and payloads of users are not ASCII.
//! Production strings spell other characters as `\u{...}`.

use super::Finding;
use crate::source::Source;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (offset, character) in source.text.char_indices().filter(|(_, c)| !c.is_ascii()) {
        let is_literal = source.literals.get(offset..offset + character.len_utf8())
            == source.text.get(offset..offset + character.len_utf8());
        let line = source.line_of(offset);
        let is_repeated = findings.last().is_some_and(|last| last.line == line);
        if (is_literal && source.is_test(offset)) || is_repeated {
            continue;
        }
        let what = format!("the character {} is not ASCII", character.escape_unicode());
        let hint = if is_literal { "write it as an escape" } else { "use plain letters" };
        findings.push(Finding::new(&source.path, line, what, hint));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::reported;
    use super::*;

    #[test]
    fn strings_in_tests_are_free() {
        assert!(reported(check, "a/tests/b.rs", "let a = \"\u{e9}\";").is_empty());
        let inline = "#[cfg(test)]\nmod tests {\n const A: &str = \"\u{e9}\";\n}\n";
        assert!(reported(check, "a/src/b.rs", inline).is_empty());
    }

    #[test]
    fn comments_and_production_strings_are_not() {
        assert_eq!(reported(check, "a/src/b.rs", "//! a \u{2014} b \u{2014} c\n"), [1]);
        assert_eq!(reported(check, "a/src/b.rs", "\nconst A: &str = \"\u{b5}s\";\n"), [2]);
        assert_eq!(reported(check, "a/tests/b.rs", "// \u{b5}s\n"), [1]);
    }
}
