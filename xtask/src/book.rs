//! `cargo xtask book`: the book of docs/book as a web site.
//!
//! What the chapters say and show is checked without it: their code by the doc tests of `annals`,
//! their links and lists by `cargo xtask tidy`.

use std::process::{Command, ExitCode};

use crate::problem::Problem;
use crate::workspace;

pub(crate) const HELP: &str = "\
Builds the book with mdBook, into target/book/index.html.
mdBook is not needed for anything else: cargo install mdbook
";

pub(crate) fn run(_args: &[String]) -> Result<ExitCode, Problem> {
    let built = Command::new("mdbook")
        .args(["build", "docs/book"])
        .current_dir(workspace::root())
        .status()
        .map_err(|error| {
            Problem::new("cannot run `mdbook`", error.to_string(), "cargo install mdbook")
        })?;
    if built.success() {
        println!("the book is in target/book/index.html");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
