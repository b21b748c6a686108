//! Text that PostgreSQL holds in another way than it came.

use std::borrow::Cow;

use annals_core::Tags;

/// Begins a replacement: a character that Unicode keeps free for ever. `0` after it stands for NUL,
/// which PostgreSQL's text cannot hold, and `1` for the character itself, so that different ids
/// stay different.
const ESCAPE: char = '\u{10FFFF}';

/// A correlation id: the only indexed text that may hold any character.
pub(crate) fn correlation(id: &str) -> Cow<'_, str> {
    if !id.contains(['\0', ESCAPE]) {
        return id.into();
    }
    let mut text = String::with_capacity(id.len());
    for character in id.chars() {
        match character {
            '\0' => text.extend([ESCAPE, '0']),
            ESCAPE => text.extend([ESCAPE, '1']),
            other => text.push(other),
        }
    }
    text.into()
}

/// Whether a stored correlation id stands for another one.
pub(crate) fn is_replaced(stored: &str) -> bool {
    stored.contains(ESCAPE)
}

/// Tags as the text of an array; arrays of arrays must have rows of equal length.
pub(crate) fn array(tags: &Tags) -> String {
    let mut text = String::from("{");
    for tag in tags {
        if text.len() > 1 {
            text.push(',');
        }
        text.push('"');
        for character in tag.as_str().chars() {
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push('"');
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_correlation_ids_stay_different() {
        let ids = ["a\0", "a\u{10FFFF}", "a\u{10FFFF}0", "a0", "a\0\u{10FFFF}", "a"];
        let texts = ids.map(correlation);
        assert!(texts.iter().all(|text| !text.contains('\0')));
        for (number, text) in texts.iter().enumerate() {
            assert!(!texts[number + 1..].contains(text), "{text:?}");
        }
        assert!(matches!(&texts[5], Cow::Borrowed("a")));
    }
}
