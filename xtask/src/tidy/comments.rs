//! What comments must and must not hold: a comment at the head of every file,
//! no leftover marks, no code that was commented out.

use super::Finding;
use crate::source::{Source, words};

/// Words that promise work for later; the issue tracker is the place for it.
const MARKS: &[&str] = &["TODO", "FIXME", "XXX"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(module_comment(source));
    findings.extend(marks(source));
    findings.extend(dead_code(source));
    findings
}

fn module_comment(source: &Source) -> Option<Finding> {
    let what = "the file does not start with a `//!` comment";
    let hint = "say first what it holds and what must stay true";
    (!source.text.starts_with("//! ")).then(|| Finding::new(&source.path, 1, what, hint))
}

fn marks(source: &Source) -> impl Iterator<Item = Finding> + '_ {
    MARKS.iter().flat_map(move |mark| {
        words(&source.comments, mark).map(move |offset| {
            let what = format!("a comment says {mark}");
            Finding::at(source, offset, what, "do it, or open an issue and remove the mark")
        })
    })
}

fn dead_code(source: &Source) -> impl Iterator<Item = Finding> + '_ {
    let lines = source.comments.lines().enumerate();
    lines.filter(|(_, line)| is_dead_code(line.trim())).map(|(i, _)| {
        let what = "this comment is code";
        Finding::new(&source.path, i + 1, what, "delete it; the history remembers")
    })
}

/// Whether a comment is a statement; prose never looks quite like one.
fn is_dead_code(comment: &str) -> bool {
    let Some(text) = comment.strip_prefix("// ").or_else(|| comment.strip_prefix("//")) else {
        return false;
    };
    if text.starts_with(['/', '!']) || !text.ends_with([';', '{']) {
        return false;
    }
    let binds = text.starts_with("let ") && text.contains(" = ");
    let imports = text.starts_with("use ") && text.contains("::");
    let declares =
        ["fn ", "pub fn ", "pub(crate) fn ", "async fn "].iter().any(|word| text.starts_with(word));
    let names_module = text.strip_prefix("mod ").or_else(|| text.strip_prefix("pub mod "));
    let is_module = names_module.is_some_and(|name| !name.trim_end_matches(';').contains(' '));
    binds || imports || (declares && text.contains('(')) || is_module
}

#[cfg(test)]
mod tests {
    use super::super::reported;
    use super::*;

    #[test]
    fn a_file_starts_with_its_comment() {
        assert!(reported(check, "a.rs", "//! What it holds.\nfn a() {}\n").is_empty());
        for text in ["", "\n//! Late.\n", "// Wrong kind.\n", "use a::b;\n//! Late.\n"] {
            assert_eq!(reported(check, "a.rs", text), [1], "{text}");
        }
    }

    #[test]
    fn marks_are_reported_in_comments_only() {
        let text = "//! A.\n// TODO: b\nfn a() {} // FIXME\n/* XXX */\n";
        assert_eq!(reported(check, "a.rs", text), [2, 3, 4]);
        assert!(reported(check, "a.rs", "//! A.\nconst TODO: &str = \"FIXME\";\n").is_empty());
    }

    #[test]
    fn commented_out_code_is_reported() {
        for text in ["// let a = b();", "// use a::b;", "//pub fn a() {", "// mod a;"] {
            assert_eq!(reported(check, "a.rs", &format!("//! A.\n{text}\n")), [2], "{text}");
        }
        for text in [
            "// let the reader go on;",
            "// use the first one;",
            "/// let a = b();",
            "// fn is the keyword;",
            "// mod means module here;",
            "let url = \"// use a::b;\";",
        ] {
            assert!(reported(check, "a.rs", &format!("//! A.\n{text}\n")).is_empty(), "{text}");
        }
    }
}
