//! Rust files are ASCII, so that what looks like a letter is that letter.
//!
//! Strings in tests are free: names and payloads of users are not ASCII.
//! Comments may hold signs that no letter is mistaken for, such as an arrow.
//! Production strings spell other characters as `\u{...}`.

use super::Finding;
use crate::source::Source;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (offset, character) in source.text.char_indices().filter(|(_, c)| !c.is_ascii()) {
        // The blanked texts hold a space where the character is of another kind.
        let is_in = |part: &str| part.get(offset..).is_some_and(|rest| rest.starts_with(character));
        let is_literal = is_in(&source.literals);
        let is_free = is_literal && source.is_test(offset)
            || is_in(&source.comments) && !character.is_alphanumeric();
        let line = source.line_of(offset);
        let is_repeated = findings.last().is_some_and(|last| last.line == line);
        if is_free || is_repeated {
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
    fn signs_in_comments_are_free() {
        assert!(reported(check, "a/src/b.rs", "//! a \u{2192} b, c\u{2026}\n").is_empty());
    }

    #[test]
    fn letters_in_comments_and_production_strings_are_not() {
        assert_eq!(reported(check, "a/src/b.rs", "//! caf\u{e9} \u{e9}\n"), [1]);
        assert_eq!(reported(check, "a/src/b.rs", "\nconst A: &str = \"\u{2192}\";\n"), [2]);
        assert_eq!(reported(check, "a/tests/b.rs", "let \u{e9} = 1;\n"), [1]);
    }
}
