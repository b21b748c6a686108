//! `cargo xtask fuzz smoke`: each fuzz target briefly, from fixed seeds.
//!
//! The targets are plain functions over bytes; fuzz/ is a workspace of its own
//! whose tests feed them a fixed sequence, so the smoke run needs no nightly
//! compiler and gives the same answer every time.

use std::process::ExitCode;

use crate::problem::Problem;
use crate::run::Run;
use crate::workspace;

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
    smoke(&mut run);
    Ok(run.finish())
}

/// Adds the smoke run to a longer one.
pub(crate) fn smoke(run: &mut Run) {
    if !workspace::has_manifest("fuzz") {
        run.skip("fuzz smoke", "this checkout has no fuzz/");
        return;
    }
    run.step("fuzz smoke", workspace::test("fuzz"));
}
