//! A number that changes with the code of an impl, and with nothing else: neither with its
//! layout, nor its comments, nor its attributes.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// FNV-1a, 64 bits. The values are stored beside snapshots, so the function stays as it is.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

pub(super) fn of(tokens: &TokenStream, version: u32) -> u64 {
    let mut hash = Fnv::new();
    write(&mut hash, tokens.clone());
    hash.write(&version.to_le_bytes());
    hash.0
}

fn write(hash: &mut Fnv, tokens: TokenStream) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let next = tokens.peek();
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' && is_attribute(next) => {
                if is_punct(tokens.next().as_ref(), '!') {
                    tokens.next();
                }
            }
            // A comma before the end comes and goes with the line breaks.
            TokenTree::Punct(punct) if punct.as_char() == ',' && next.is_none() => {}
            // Whether a sign touches the next one is layout.
            TokenTree::Punct(punct) => write_text(hash, &punct.as_char().to_string()),
            TokenTree::Group(group) => {
                let (open, close) = delimiters(group.delimiter());
                write_text(hash, open);
                write(hash, group.stream());
                write_text(hash, close);
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => write_text(hash, &token.to_string()),
        }
    }
}

/// The zero keeps `ab c` apart from `a bc`.
fn write_text(hash: &mut Fnv, text: &str) {
    hash.write(text.as_bytes());
    hash.write(&[0]);
}

/// `#[..]` or `#![..]`.
fn is_attribute(next: Option<&TokenTree>) -> bool {
    let is_list = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Bracket,
        _ => false,
    };
    next.is_some_and(is_list) || is_punct(next, '!')
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

const fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> u64 {
        of(&text.parse().unwrap(), 1)
    }

    const IMPL: &str =
        "impl Aggregate for A { fn apply(&mut self, e: &E) { self.x += add(1, 2); } }";

    #[test]
    fn layout_comments_and_attributes_do_not_count() {
        let other = "#![allow(x)] /// Text.\nimpl Aggregate for A {
            // A note.
            #[inline] fn apply(& mut self, e: &E) {
                self.x+=add(
                    1,
                    2,
                );
            }
        }";
        assert_eq!(hash(IMPL), hash(other));
    }

    #[test]
    fn a_changed_sign_name_number_or_version_counts() {
        let changed = [
            IMPL.replace("+=", "-="),
            IMPL.replace("self.x", "self.y"),
            IMPL.replace("(1, 2)", "(2, 1)"),
            IMPL.replace("(1, 2)", "[1, 2]"),
        ];
        for other in changed {
            assert_ne!(hash(IMPL), hash(&other), "{other}");
        }
        let tokens: TokenStream = IMPL.parse().unwrap();
        assert_ne!(of(&tokens, 1), of(&tokens, 2));
    }

    #[test]
    fn the_value_is_the_same_for_ever() {
        assert_eq!(hash("a + 1"), 0xd53d_b821_ab31_9477);
    }
}
