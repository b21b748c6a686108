//! `cargo xtask measures`: the numbers that show whether the code stays readable.

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::problem::Problem;
use crate::source::{Source, byte_before, functions};
use crate::tidy::FUNCTION_LINES_MAX;
use crate::workspace;

pub(crate) const HELP: &str = "\
Prints, for each crate: the number of production files, their median, 90th
percentile and largest number of production lines, functions over the limit,
`.unwrap()` in production, and the share of documentation lines.
Test files and `#[cfg(test)]` items are left out.

To hold: median <= 150, p90 <= 400, largest <= 600, long functions <= 1 %,
unwraps 0, documentation >= 20 % in published crates.
";

pub(crate) fn run(_args: &[String]) -> Result<ExitCode, Problem> {
    let mut crates: BTreeMap<String, Measures> = BTreeMap::new();
    let mut all = Measures::default();
    for file in workspace::rust_files()? {
        let source = Source::new(file);
        crates.entry(crate_of(&source.path)).or_default().add(&source);
        all.add(&source);
    }
    println!("{HEADER}");
    for (name, measures) in &crates {
        println!("{}", measures.row(name));
    }
    println!("{}", all.row("all"));
    Ok(ExitCode::SUCCESS)
}

const HEADER: &str =
    "crate              files median    p90    max  functions   long  unwraps   docs";

/// What was counted over the production code of a crate.
#[derive(Debug, Default)]
struct Measures {
    file_lines: Vec<usize>,
    functions: usize,
    long_functions: usize,
    unwraps: usize,
    doc_lines: usize,
}

impl Measures {
    fn add(&mut self, source: &Source) {
        if source.production_lines() == 0 {
            return;
        }
        self.file_lines.push(source.production_lines());
        for function in functions(source).iter().filter(|f| !source.is_test(f.offset)) {
            self.functions += 1;
            self.long_functions += usize::from(function.lines > FUNCTION_LINES_MAX);
        }
        let is_method = |offset: &usize| byte_before(&source.code, *offset) == Some(b'.');
        let unwraps = source.words("unwrap").filter(is_method);
        self.unwraps += unwraps.filter(|offset| !source.is_test(*offset)).count();
        self.doc_lines += doc_lines(source);
    }

    fn row(&self, name: &str) -> String {
        let mut lines = self.file_lines.clone();
        lines.sort_unstable();
        let total: usize = lines.iter().sum();
        let docs = (100 * self.doc_lines).checked_div(total).unwrap_or_default();
        format!(
            "{name:<18} {:>5} {:>6} {:>6} {:>6} {:>10} {:>6} {:>8} {docs:>4} %",
            lines.len(),
            percentile(&lines, 50),
            percentile(&lines, 90),
            percentile(&lines, 100),
            self.functions,
            self.long_functions,
            self.unwraps,
        )
    }
}

/// The lines of production that document the file or the item below them.
fn doc_lines(source: &Source) -> usize {
    let mut count = 0;
    let mut offset = 0;
    for line in source.comments.split_inclusive('\n') {
        let text = line.trim_start();
        let is_documentation = text.starts_with("//!") || text.starts_with("///");
        count += usize::from(is_documentation && !source.is_test(offset));
        offset += line.len();
    }
    count
}

/// The smallest of `sorted` that at least `percent` % do not exceed; 0 for none.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The folder of the crate: `annals-core` for `crates/annals-core/src/lib.rs`.
fn crate_of(path: &str) -> String {
    let inside = path.strip_prefix("crates/").unwrap_or(path);
    inside.split('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sample;

    #[test]
    fn percentiles() {
        assert_eq!(percentile(&[], 50), 0);
        assert_eq!(percentile(&[7], 50), 7);
        let ten: Vec<usize> = (1..=10).collect();
        assert_eq!((percentile(&ten, 50), percentile(&ten, 90), percentile(&ten, 100)), (5, 9, 10));
    }

    #[test]
    fn only_production_is_measured() {
        let text = "//! A.\n/// B.\nfn b() { c.unwrap() } // unwrap\n#[cfg(test)]\nmod tests {\n fn d() { e.unwrap() }\n}\n";
        let mut measures = Measures::default();
        measures.add(&sample("crates/a/src/lib.rs", text));
        measures.add(&sample("crates/a/tests/it/main.rs", text));
        assert_eq!(measures.file_lines, [3]);
        assert_eq!((measures.functions, measures.unwraps, measures.doc_lines), (1, 1, 2));
    }

    #[test]
    fn a_file_belongs_to_the_crate_of_its_folder() {
        assert_eq!(crate_of("crates/annals-core/src/lib.rs"), "annals-core");
        assert_eq!(crate_of("xtask/src/main.rs"), "xtask");
    }
}
