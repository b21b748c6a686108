//! Splits Rust text into code, comments and literals.
//!
//! Only what is needed to tell the three apart: nested block comments, raw
//! strings, byte and C strings, and lifetimes, which look like the start of a
//! character literal.
//! Every byte belongs to exactly one span; text that does not end properly
//! belongs to the span it was in.

use std::ops::Range;

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    Comment,
    Literal,
}

/// A stretch of one kind.
pub(super) type Span = (Range<usize>, Kind);

/// The spans of `text`, in order and without a gap.
pub(super) fn spans(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (len, kind) = next(text.as_bytes().get(at..).unwrap_or_default());
        let end = (at + len).min(text.len());
        match spans.last_mut() {
            Some((range, last)) if *last == kind && kind == Kind::Code => range.end = end,
            _ => spans.push((at..end, kind)),
        }
        at = end;
    }
    spans
}

/// `text` with everything that is not of `kind` replaced by spaces.
pub(super) fn only(text: &str, spans: &[Span], kind: Kind) -> String {
    let mut result = String::with_capacity(text.len());
    for (range, span_kind) in spans {
        let part = text.get(range.clone()).unwrap_or_default();
        if *span_kind == kind {
            result.push_str(part);
        } else {
            result.extend(part.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        }
    }
    result
}

/// The length and kind of what `rest` starts with; `rest` is not empty.
fn next(rest: &[u8]) -> (usize, Kind) {
    match rest {
        [b'/', b'/', ..] => (position(rest, |byte| byte == b'\n'), Kind::Comment),
        [b'/', b'*', ..] => (block_comment(rest), Kind::Comment),
        [b'"', ..] => (quoted(rest, b'"'), Kind::Literal),
        [b'\'', b'\\', ..] => (quoted(rest, b'\''), Kind::Literal),
        [b'\'', ..] => character_or_lifetime(rest),
        [first, ..] if is_word(*first) => word(rest),
        _ => (1, Kind::Code),
    }
}

/// An identifier, or the literal that it is the prefix of.
fn word(rest: &[u8]) -> (usize, Kind) {
    let len = position(rest, |byte| !is_word(byte));
    let (name, after) = rest.split_at(len);
    match (name, after) {
        (b"b" | b"c", [b'"', ..]) => (len + quoted(after, b'"'), Kind::Literal),
        (b"b", [b'\'', ..]) => (len + quoted(after, b'\''), Kind::Literal),
        (b"r" | b"br" | b"cr", [b'"' | b'#', ..]) => match raw_string(after) {
            Some(raw) => (len + raw, Kind::Literal),
            None => (len, Kind::Code),
        },
        _ => (len, Kind::Code),
    }
}

/// The length of `"a"` or `#"a"#` with any number of marks; `None` for `r#name`.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let marks = position(rest, |byte| byte != b'#');
    if rest.get(marks) != Some(&b'"') {
        return None;
    }
    let mut end = vec![b'"'];
    end.resize(marks + 1, b'#');
    let body = marks + 1;
    let found = rest.get(body..)?.windows(end.len()).position(|window| window == end);
    Some(found.map_or(rest.len(), |at| body + at + end.len()))
}

/// The length of a literal from its opening quote to its closing one.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            _ if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `'x'` is a character, `'x` a lifetime or a label.
fn character_or_lifetime(rest: &[u8]) -> (usize, Kind) {
    let first = rest.get(1).copied().unwrap_or_default();
    let char_len = match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    };
    if rest.get(1 + char_len) == Some(&b'\'') {
        (char_len + 2, Kind::Literal)
    } else {
        (1, Kind::Code)
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match rest.get(at..at + 2) {
            Some(b"/*") => {
                depth += 1;
                at += 2;
            }
            Some(b"*/") => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The index of the first byte that `wanted` takes, or the length.
fn position(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| wanted(*byte)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code stays, a comment becomes `~`, a literal becomes `^`.
    fn check(text: &str, expected: &str) {
        let mut shown = String::new();
        for (range, kind) in spans(text) {
            match kind {
                Kind::Code => shown.push_str(&text[range]),
                Kind::Comment => shown.extend(range.map(|_| '~')),
                Kind::Literal => shown.extend(range.map(|_| '^')),
            }
        }
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn comments() {
        check("a // b\nc", "a ~~~~\nc");
        check("a /* b /* c */ d */ e", "a ~~~~~~~~~~~~~~~~~ e");
        check("a / b", "a / b");
    }

    #[test]
    fn strings() {
        check(r#"f("a\"b") // c"#, r"f(^^^^^^) ~~~~");
        check(r#"b"a" c"b""#, "^^^^ ^^^^");
        check(r##"x r#"a"b"# y"##, "x ^^^^^^^^ y");
        check("r\"a\\\" y", "^^^^^ y");
        check("\"// no comment\"", "^^^^^^^^^^^^^^^");
    }

    #[test]
    fn characters_and_lifetimes() {
        check("'a' b'\\'' '\\n'", "^^^ ^^^^^ ^^^^");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("'outer: loop { '\"' }", "'outer: loop { ^^^ }");
        check("'\u{e9}' x", "^^^^ x");
    }

    #[test]
    fn raw_identifiers_are_code() {
        check("r#type = 1", "r#type = 1");
    }

    #[test]
    fn what_does_not_end_stays_what_it_is() {
        check("a \"b", "a ^^");
        check("a /* b", "a ~~~~");
    }
}
