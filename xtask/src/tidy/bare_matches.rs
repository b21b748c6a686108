//! A statement that is only `matches!(...);` asserts nothing.
//!
//! The compiler and its lints are silent about it, and a test made of such
//! statements passes whatever happens.

use super::Finding;
use crate::source::{Source, byte_after, byte_before, closing};

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let code = source.code.as_str();
    let word = "matches";
    let is_bare = |offset: &usize| {
        let end = offset + word.len();
        byte_after(code, end) == Some(b'!')
            && starts_statement(code, *offset)
            && closing(code, end).is_some_and(|end| byte_after(code, end) == Some(b';'))
    };
    let what = "a bare `matches!` statement asserts nothing";
    source
        .words(word)
        .filter(is_bare)
        .map(|offset| Finding::at(source, offset, what, "wrap it in `assert!`"))
        .collect()
}

/// After `;`, `{` or `}`, or assigned to nothing with `_ =`.
fn starts_statement(code: &str, offset: usize) -> bool {
    let before = code.get(..offset).unwrap_or_default().trim_end();
    let discards = before.strip_suffix('=').is_some_and(|rest| {
        let rest = rest.trim_end();
        rest.ends_with(" _") || rest.ends_with("\n_")
    });
    discards || matches!(byte_before(code, offset), None | Some(b';' | b'{' | b'}'))
}

#[cfg(test)]
mod tests {
    use super::super::reported;
    use super::*;

    #[test]
    fn bare_statements_are_reported() {
        for text in [
            "fn t() { matches!(a, Some(_)); }",
            "x(); matches!(a, B | C { .. });",
            "if a { } matches![a, B];",
            "fn t() { let _ = matches!(a, B); }",
        ] {
            assert_eq!(reported(check, "a.rs", text), [1], "{text}");
        }
        assert_eq!(reported(check, "a.rs", "fn t() {\n  matches!(\n    a,\n    B\n  );\n}"), [2]);
    }

    #[test]
    fn used_values_are_not() {
        for text in [
            "assert!(matches!(a, B));",
            "let x = matches!(a, B);",
            "fn t() -> bool { matches!(a, B) }",
            "return matches!(a, B);",
            "match a { _ => matches!(a, B), }",
            "x(); matches!(a, B) && y;",
            "let s = \"; matches!(a, B);\"; // ; matches!(a, B);",
        ] {
            assert!(reported(check, "a.rs", text).is_empty(), "{text}");
        }
    }
}
