//! `cargo xtask ci`: what CI runs, in order.

use std::process::ExitCode;

use crate::cargo::{cargo, has_subcommand};
use crate::problem::Problem;
use crate::run::Run;
use crate::{test, tidy};

pub(crate) const HELP: &str = "\
Runs the steps of `cargo xtask test`, builds the documentation with warnings
denied, checks licenses, bans, advisories and sources with cargo-deny where it
is installed, and runs `cargo xtask tidy`.
";

pub(crate) fn run(_args: &[String]) -> Result<ExitCode, Problem> {
    let mut run = Run::default();
    test::steps(&mut run);
    documentation(&mut run);
    deny(&mut run);
    run.check("tidy", tidy::is_tidy);
    Ok(run.finish())
}

fn documentation(run: &mut Run) {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    run.step("documentation", command);
}

fn deny(run: &mut Run) {
    if !has_subcommand("deny") {
        run.skip("deny", "cargo-deny is not installed (cargo install cargo-deny)");
        return;
    }
    run.step("deny", cargo(&["deny", "check"]));
}
