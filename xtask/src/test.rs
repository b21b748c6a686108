//! `cargo xtask test`: everything a change must pass, with nothing but Rust installed.

use std::process::ExitCode;

use crate::cargo::{cargo, has_subcommand};
use crate::fuzz;
use crate::problem::Problem;
use crate::run::Run;
use crate::workspace;

pub(crate) const HELP: &str = "\
Checks the formatting, runs the lints with warnings denied (bench/ and fuzz/
included, so that they keep compiling), runs every test and documentation test
of the workspace, and gives each fuzz target a short run from fixed seeds.

All steps run even when one fails.
The last line is the sum over all test programs: N passed, N failed, N skipped.
A step that fails without a failing test counts as one failure.
";

pub(crate) fn run(_args: &[String]) -> Result<ExitCode, Problem> {
    let mut run = Run::default();
    steps(&mut run);
    Ok(run.finish())
}

/// The steps, cheapest first.
pub(crate) fn steps(run: &mut Run) {
    format(run);
    lints(run);
    run.step("tests", cargo(&["test", "--workspace", "--no-fail-fast"]));
    fuzz::smoke(run);
}

fn format(run: &mut Run) {
    if !has_subcommand("fmt") {
        run.fail("format", &missing_component("rustfmt"));
        return;
    }
    run.step("format", cargo(&["fmt", "--all", "--check"]));
    for (name, manifest) in own_workspaces() {
        let args = ["fmt", "--all", "--check", "--manifest-path", &manifest];
        run.step(&format!("format {name}"), cargo(&args));
    }
}

/// The lints also compile the workspaces that `cargo test` does not reach.
fn lints(run: &mut Run) {
    if !has_subcommand("clippy") {
        run.fail("lints", &missing_component("clippy"));
        return;
    }
    run.step("lints", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]));
    for (name, manifest) in own_workspaces() {
        let mut command = cargo(&["clippy", "--all-targets", "--manifest-path", &manifest]);
        command.args(["--", "-D", "warnings"]);
        run.step(&format!("lints {name}"), command);
    }
}

/// The folders with a workspace of their own in this checkout, and their manifests.
fn own_workspaces() -> impl Iterator<Item = (&'static str, String)> {
    let present = workspace::OWN_WORKSPACES.iter().filter(|name| workspace::has_manifest(name));
    present.map(|name| (*name, format!("{name}/Cargo.toml")))
}

fn missing_component(component: &str) -> Problem {
    Problem::new(
        format!("`{component}` is not installed"),
        "formatting and lints are part of the tests",
        format!("rustup component add {component}"),
    )
}
