//! Calls and attributes that have no place in this repository, tests included.

use super::Finding;
use crate::source::{Source, byte_after, byte_before, words};

/// A word of the code that is reported where `applies` says so.
struct Ban {
    word: &'static str,
    applies: fn(code: &str, offset: usize, end: usize) -> bool,
    what: &'static str,
    hint: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        word: "todo",
        applies: is_macro,
        what: "`todo!` is left",
        hint: "finish it or leave it out",
    },
    Ban {
        word: "unimplemented",
        applies: is_macro,
        what: "`unimplemented!` is left",
        hint: "return an error of kind Unsupported",
    },
    Ban {
        word: "ignore",
        applies: is_attribute,
        what: "a test is ignored",
        hint: "fix it, or assert what happens today and say why",
    },
    Ban {
        word: "should_panic",
        applies: is_attribute,
        what: "a test expects a panic, any panic",
        hint: "assert the error, or what happens today",
    },
    Ban { word: "sleep", applies: is_call, what: SLEEP, hint: WAIT },
    Ban { word: "sleep_ms", applies: is_call, what: SLEEP, hint: WAIT },
    Ban { word: "sleep_until", applies: is_call, what: SLEEP, hint: WAIT },
];

const SLEEP: &str = "a sleep waits for luck";
const WAIT: &str = "wait for the event itself, or inject the clock";

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let code = source.code.as_str();
    let mut findings = Vec::new();
    for ban in BANS {
        for offset in words(code, ban.word) {
            if (ban.applies)(code, offset, offset + ban.word.len()) {
                findings.push(Finding::at(source, offset, ban.what, ban.hint));
            }
        }
    }
    findings
}

fn is_macro(code: &str, _offset: usize, end: usize) -> bool {
    byte_after(code, end) == Some(b'!')
}

fn is_attribute(code: &str, offset: usize, _end: usize) -> bool {
    let before = code.get(..offset).unwrap_or_default();
    before.trim_end().ends_with("#[")
}

/// A path such as `thread::sleep`, or a bare call; not a method, not a definition.
fn is_call(code: &str, offset: usize, end: usize) -> bool {
    let before = code.get(..offset).unwrap_or_default().trim_end();
    if before.ends_with("::") {
        return true;
    }
    let is_method = byte_before(code, offset) == Some(b'.');
    let is_definition = before.ends_with("fn");
    byte_after(code, end) == Some(b'(') && !is_method && !is_definition
}

#[cfg(test)]
mod tests {
    use super::super::reported;
    use super::*;

    #[test]
    fn leftover_macros_are_reported() {
        assert_eq!(reported(check, "a.rs", "todo!();\nunimplemented!(\"x\")"), [1, 2]);
        assert!(reported(check, "a.rs", "let todo = \"todo!()\"; // todo!()").is_empty());
    }

    #[test]
    fn tests_are_neither_ignored_nor_expected_to_panic() {
        assert_eq!(reported(check, "a.rs", "#[ignore = \"slow\"]\nfn a() {}"), [1]);
        assert_eq!(reported(check, "a.rs", "#[should_panic(expected = \"x\")]"), [1]);
        assert!(reported(check, "a.rs", "Outcome::ignore(); ignore(); \"#[ignore]\"").is_empty());
    }

    #[test]
    fn sleeps_are_reported_however_they_are_spelled() {
        for text in [
            "std::thread::sleep(d);",
            "use std::thread::sleep;",
            "tokio::time::sleep(d).await;",
            "sleep(d);",
            "tokio::time::sleep_until(t)",
        ] {
            assert_eq!(reported(check, "a.rs", text), [1], "{text}");
        }
        for text in ["self.sleep()", "let sleep = 1;", "asleep(d);", "// thread::sleep(d)"] {
            assert!(reported(check, "a.rs", text).is_empty(), "{text}");
        }
    }
}
