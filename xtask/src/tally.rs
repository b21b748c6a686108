//! What test harnesses report: their sums, and the tests that failed.
//!
//! Both the standard harness and libtest-mimic say `test NAME ... FAILED`, and end with a line that
//! starts with `test result:`; a line that merely mentions these is not counted.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// Reads one line of output; `None` when it is not a harness's summary.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("test result: ")?;
        let count = |label: &str| -> Option<u64> {
            let (before, _) = rest.split_once(label)?;
            before.trim_end().rsplit(' ').next()?.parse().ok()
        };
        Some(Self {
            passed: count("passed;")?,
            failed: count("failed;")?,
            skipped: count("ignored;")?,
        })
    }
}

/// The name of the test that `line` says has failed.
pub(crate) fn failed_test(line: &str) -> Option<&str> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    outcome.contains("FAILED").then_some(name)
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_a_harness_is_read() {
        let line = "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        let expected = Tally { passed: 12, failed: 0, skipped: 3 };
        assert_eq!(Tally::from_line(line), Some(expected));
    }

    #[test]
    fn colors_do_not_matter() {
        let line =
            "test result: \u{1b}[31mFAILED\u{1b}[m. 1 passed; 2 failed; 0 ignored; 0 measured";
        let expected = Tally { passed: 1, failed: 2, skipped: 0 };
        assert_eq!(Tally::from_line(line), Some(expected));
    }

    #[test]
    fn other_lines_are_not_summaries() {
        for line in [
            "",
            "test foo ... ok",
            "  test result: ok. 1 passed; 0 failed; 0 ignored;",
            "test result: ?",
        ] {
            assert_eq!(Tally::from_line(line), None, "{line}");
        }
    }

    #[test]
    fn a_test_that_failed_has_a_name() {
        let red = "test a::b ... \u{1b}[31mFAILED\u{1b}[m";
        assert_eq!(failed_test(red), Some("a::b"));
        let example = "test src/lib.rs - get (line 7) ... FAILED";
        assert_eq!(failed_test(example), Some("src/lib.rs - get (line 7)"));
        for line in ["test a ... ok", "test result: FAILED. 1 passed", " test a ... FAILED", ""] {
            assert_eq!(failed_test(line), None, "{line}");
        }
    }

    #[test]
    fn tallies_add_up_to_one_line() {
        let mut sum = Tally { passed: 1, failed: 2, skipped: 3 };
        sum += Tally { passed: 10, failed: 20, skipped: 30 };
        assert_eq!(sum.to_string(), "11 passed, 22 failed, 33 skipped");
    }
}
