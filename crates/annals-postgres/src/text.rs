//! Text that PostgreSQL holds in another way than it came.

use std::borrow::Cow;

use annals_core::Tags;

/// Stands for the character NUL, which PostgreSQL's text cannot hold. It is a character that
/// Unicode keeps free for ever.
const FOR_NUL: char = '\u{10FFFF}';

/// A correlation id: the only indexed text that may hold any character.
pub(crate) fn correlation(id: &str) -> Cow<'_, str> {
    if id.contains('\0') { id.replace('\0', &FOR_NUL.to_string()).into() } else { id.into() }
}

/// Whether a stored correlation id may stand for another one.
pub(crate) fn is_replaced(stored: &str) -> bool {
    stored.contains(FOR_NUL)
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
