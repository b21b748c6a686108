//! The ratchet: how long a file and a function may be.
//!
//! Production lines are those outside test files and `#[cfg(test)]` items.
//! A long list of uniform items may be allowed by name, with a reason.

use super::Finding;
use super::allow::Allowed;
use crate::source::{Source, functions};
use crate::workspace::TextFile;

const PRODUCTION_LINES_MAX: usize = 600;
const FILE_LINES_MAX: usize = 1000;
pub(crate) const FUNCTION_LINES_MAX: usize = 70;

pub(super) fn check(sources: &[Source], list: &TextFile) -> Vec<Finding> {
    let allowed = Allowed::new(list);
    let mut findings = Vec::new();
    for source in sources {
        findings.extend(file(source, &allowed));
        findings.extend(long_functions(source, &allowed));
    }
    findings.extend(allowed.findings());
    findings
}

fn file(source: &Source, allowed: &Allowed) -> Option<Finding> {
    let (production, total) = (source.production_lines(), source.lines());
    let is_long = production > PRODUCTION_LINES_MAX || total > FILE_LINES_MAX;
    if !is_long || allowed.allows(&source.path) {
        return None;
    }
    let what = format!(
        "{production} production lines and {total} in all, over {PRODUCTION_LINES_MAX} or {FILE_LINES_MAX}"
    );
    Some(Finding::new(&source.path, 1, what, "split the file by noun"))
}

fn long_functions<'a>(
    source: &'a Source,
    allowed: &'a Allowed,
) -> impl Iterator<Item = Finding> + 'a {
    functions(source).into_iter().filter(|f| f.lines > FUNCTION_LINES_MAX).filter_map(|f| {
        if allowed.allows(&format!("{}:{}", source.path, f.name)) {
            return None;
        }
        let what = format!("`{}` has {} lines, over {FUNCTION_LINES_MAX}", f.name, f.lines);
        Some(Finding::new(&source.path, f.first_line, what, "give a part of it a name"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{allow, file as text_file};
    use super::*;
    use crate::source::sample;

    fn check_one(text: &str, list: &str) -> Vec<String> {
        let findings = check(&[sample("a.rs", text)], &text_file(allow::PATH, list));
        findings.iter().map(Finding::to_string).collect()
    }

    fn function(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "x();\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_at_the_limit_passes_and_one_over_it_does_not() {
        assert!(check_one(&function(70), "").is_empty());
        assert_eq!(
            check_one(&function(71), ""),
            ["a.rs:1: `f` has 71 lines, over 70; give a part of it a name"]
        );
    }

    #[test]
    fn a_function_on_the_list_passes() {
        assert!(check_one(&function(71), "a.rs:f one arm a kind\n").is_empty());
    }

    #[test]
    fn a_file_at_the_limits_passes_and_one_over_them_does_not() {
        assert!(check_one(&"\n".repeat(600), "").is_empty());
        assert_eq!(check_one(&"\n".repeat(601), "").len(), 1);
        let tests =
            |lines: usize| format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(lines - 3));
        assert!(check_one(&tests(1000), "").is_empty());
        assert_eq!(check_one(&tests(1001), "").len(), 1);
    }

    #[test]
    fn a_file_on_the_list_passes() {
        assert!(check_one(&"\n".repeat(601), "a.rs a table\n").is_empty());
    }
}
