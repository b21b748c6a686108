//! `cargo xtask fuzz smoke`: each fuzz target briefly, from fixed seeds.
//!
//! The targets are plain functions over bytes; the tests of fuzz/ feed them a
//! fixed sequence, so the smoke run needs no nightly compiler and gives the same
//! answer every time.

use std::process::ExitCode;

use crate::cargo::cargo;
use crate::problem::Problem;
use crate::run::Run;

pub(crate) const HELP: &str = "\
  smoke   run every fuzz target briefly, from fixed seeds (part of `cargo xtask test`)
";

pub(crate) fn run(args: &[String]) -> Result<ExitCode, Problem> {
    if args != ["smoke"] {
        return Err(Problem::new(
            format!("`cargo xtask fuzz` does not know `{}`", args.join(" ")),
            "it needs to be told which run, and there is one: smoke",
            "cargo xtask fuzz smoke",
        ));
    }
    let mut run = Run::default();
    run.step("fuzz smoke", cargo(&["test", "--package", "annals-fuzz"]));
    Ok(run.finish())
}
