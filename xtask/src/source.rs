//! A Rust file as the rules see it: its text, and the same text with parts
//! blanked out.
//!
//! `code`, `comments` and `literals` each keep their own part of the text and
//! hold spaces where the other two are.
//! All have the same length and the same line breaks, so an offset or a line
//! number means the same in each of them.
//! That is why a rule that looks for a word in `code` never trips over the
//! word in a string or in a sentence.

mod functions;
mod lexer;

pub(crate) use functions::functions;
pub(crate) use lexer::Kind;

use std::iter;
use std::ops::Range;

use crate::workspace::TextFile;

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) code: String,
    pub(crate) comments: String,
    pub(crate) literals: String,
    /// The stretches that are compiled for tests only, in order.
    tests: Vec<Range<usize>>,
}

impl Source {
    pub(crate) fn new(file: TextFile) -> Self {
        let TextFile { path, text } = file;
        let spans = lexer::spans(&text);
        let only = |kind| lexer::only(&text, &spans, kind);
        let (code, comments, literals) =
            (only(Kind::Code), only(Kind::Comment), only(Kind::Literal));
        let is_test_file = is_test_path(&path) || code.contains("#![cfg(test)]");
        let tests =
            if is_test_file { iter::once(0..text.len()).collect() } else { test_items(&code) };
        Self { path, text, code, comments, literals, tests }
    }

    /// The number of the line that holds `offset`, from 1.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    /// The number of lines.
    pub(crate) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// The number of lines that are not test code.
    pub(crate) fn production_lines(&self) -> usize {
        let part = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        let tests: usize = self.tests.iter().map(|range| part(range).lines().count()).sum();
        self.lines().saturating_sub(tests)
    }

    /// Whether the byte at `offset` belongs to a test.
    pub(crate) fn is_test(&self, offset: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&offset))
    }

    /// The offsets at which `word` stands in the code as a whole word.
    pub(crate) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        words(&self.code, word)
    }
}

/// The offsets at which `word` stands in `text` as a whole word.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |byte: Option<u8>| byte.is_some_and(is_word_byte);
    text.match_indices(word).map(|(offset, _)| offset).filter(move |offset| {
        let before = offset.checked_sub(1).and_then(|i| text.as_bytes().get(i).copied());
        let after = text.as_bytes().get(offset + word.len()).copied();
        !is_part(before) && !is_part(after)
    })
}

/// The last byte before `offset` that is not white space.
pub(crate) fn byte_before(text: &str, offset: usize) -> Option<u8> {
    text.get(..offset)?.bytes().rev().find(|byte| !byte.is_ascii_whitespace())
}

/// The first byte from `offset` on that is not white space.
pub(crate) fn byte_after(text: &str, offset: usize) -> Option<u8> {
    text.get(offset..)?.bytes().find(|byte| !byte.is_ascii_whitespace())
}

/// The identifier that starts at `offset`, perhaps empty.
pub(crate) fn identifier_at(text: &str, offset: usize) -> &str {
    let rest = text.get(offset..).unwrap_or_default();
    let end = rest.bytes().position(|byte| !is_word_byte(byte)).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// The offset just after the bracket that closes the one opened at or after
/// `offset`; `code` must be free of comments and literals.
pub(crate) fn closing(code: &str, offset: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (i, byte) in code.bytes().enumerate().skip(offset) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Whether every line of the file at `path` is test code.
fn is_test_path(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let file = parts.next().unwrap_or_default();
    file == "tests.rs" || file.ends_with("_tests.rs") || parts.any(|folder| folder == "tests")
}

/// The items marked `#[cfg(test)]`: modules, functions, imports.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut items: Vec<Range<usize>> = Vec::new();
    let marker = "#[cfg(test)]";
    for (start, _) in code.match_indices(marker) {
        if items.last().is_none_or(|last| last.end <= start) {
            items.push(start..item_end(code, start + marker.len()));
        }
    }
    items
}

/// Where the item at `offset` ends: after its semicolon or its closing brace.
fn item_end(code: &str, offset: usize) -> usize {
    let mut at = offset;
    while let Some(byte) = code.as_bytes().get(at) {
        match byte {
            b';' => return at + 1,
            b'{' => return closing(code, at).unwrap_or(code.len()),
            b'(' | b'[' => at = closing(code, at).unwrap_or(code.len()),
            _ => at += 1,
        }
    }
    code.len()
}

#[cfg(test)]
pub(crate) fn sample(path: &str, text: &str) -> Source {
    Source::new(TextFile { path: path.to_owned(), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_keep_offsets_and_lines() {
        let text = "let a = \"x\ny\"; // z\nlet b = 'c';\n";
        let source = sample("a.rs", text);
        assert_eq!(source.code, "let a =   \n  ;     \nlet b =    ;\n");
        assert_eq!(source.comments, "          \n    // z\n            \n");
        assert_eq!(source.code.len(), text.len());
        assert_eq!(source.line_of(text.find("let b").unwrap()), 3);
    }

    #[test]
    fn whole_words_only() {
        let source = sample("a.rs", "sleep(a); asleep(); sleep_x(); \"sleep\"; // sleep");
        assert_eq!(source.words("sleep").collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn test_items_are_not_production() {
        let text = "fn a() {}\n#[cfg(test)]\nmod b {\n}\nfn c() {}\n#[cfg(test)]\nmod d;\n";
        let source = sample("crates/x/src/a.rs", text);
        assert_eq!((source.production_lines(), source.lines()), (2, 7));
        let is_test = |item: &str| source.is_test(text.find(item).unwrap());
        assert!(is_test("mod b") && is_test("mod d") && !is_test("fn a") && !is_test("fn c"));
    }

    #[test]
    fn a_test_item_may_have_attributes_and_arguments() {
        let text = "#[cfg(test)]\n#[allow(x, reason = \"y\")]\nfn a(b: [u8; 2]) {\n}\nfn c() {}\n";
        assert_eq!(sample("crates/x/src/a.rs", text).production_lines(), 1);
    }

    #[test]
    fn files_below_a_tests_folder_are_test_code() {
        for path in
            ["crates/x/tests/it/main.rs", "crates/x/src/a/tests.rs", "crates/x/src/a_tests.rs"]
        {
            assert_eq!(sample(path, "fn a() {}\n").production_lines(), 0, "{path}");
        }
    }

    #[test]
    fn brackets_are_matched() {
        assert_eq!(closing("f(a[1], { b }) + c", 0), Some(14));
        assert_eq!(closing("f(a", 0), None);
    }
}
