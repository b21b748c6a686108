//! The functions of a file and how long they are.
//!
//! A function is as long as its lines from `fn` to the closing brace.
//! Finding them is a matter of counting brackets, because comments and
//! literals are already blanked out.

use super::{Source, closing, identifier_at, words};

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Where the word `fn` stands.
    pub(crate) offset: usize,
    pub(crate) first_line: usize,
    pub(crate) lines: usize,
}

/// The functions of `source` in the order of their first line; nested ones too.
pub(crate) fn functions(source: &Source) -> Vec<Function> {
    let code = source.code.as_str();
    words(code, "fn").filter_map(|offset| function_at(source, offset)).collect()
}

fn function_at(source: &Source, offset: usize) -> Option<Function> {
    let code = source.code.as_str();
    let name_offset = offset + "fn ".len();
    let name = identifier_at(code, name_offset);
    if name.is_empty() {
        return None; // `fn(u8)` is a type, and a macro's `fn $name` is no function yet.
    }
    let body = body_start(code, name_offset)?;
    let end = closing(code, body)?;
    let (first_line, last_line) = (source.line_of(offset), source.line_of(end - 1));
    Some(Function { name: name.to_owned(), offset, first_line, lines: last_line - first_line + 1 })
}

/// Where the body of the function whose name stands at `offset` opens.
fn body_start(code: &str, offset: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (i, byte) in code.bytes().enumerate().skip(offset) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.checked_sub(1)?,
            b'{' if depth == 0 => return Some(i),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn check(text: &str, expected: &[(&str, usize, usize)]) {
        let source = sample("a.rs", text);
        let found = functions(&source);
        let found: Vec<_> =
            found.iter().map(|f| (f.name.as_str(), f.first_line, f.lines)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_length_runs_from_fn_to_the_closing_brace() {
        check("\npub fn a() {\n  b();\n}\nfn c() {}\n", &[("a", 2, 3), ("c", 5, 1)]);
    }

    #[test]
    fn a_signature_may_span_lines_and_hold_arrays() {
        check("fn a(\n  x: [u8; 4],\n) -> [u8; 2]\nwhere\n  T: B,\n{\n}\n", &[("a", 1, 7)]);
    }

    #[test]
    fn braces_in_strings_and_comments_do_not_count() {
        check("fn a() {\n  \"}\"; // }\n  '}';\n}\n", &[("a", 1, 4)]);
    }

    #[test]
    fn methods_nested_functions_and_closures() {
        check("fn a() {\n  fn b() {\n  }\n  |x| { x };\n}\n", &[("a", 1, 5), ("b", 2, 2)]);
    }

    #[test]
    fn declarations_and_pointer_types_have_no_body() {
        check("trait T { fn a(&self);\n fn b(x: fn(u8) -> u8) {} }\n", &[("b", 2, 1)]);
    }
}
