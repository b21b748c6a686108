//! `cargo xtask codegen`: the generated code of annals-proto, written anew or compared.

use std::process::ExitCode;

use crate::cargo::cargo;
use crate::problem::Problem;

pub(crate) const HELP: &str = "\
Writes crates/annals-proto/src/generated from crates/annals-proto/proto.
It needs no protoc: the compiler is a crate, built on first use.

With --check nothing is written; it prints which files are not what would be
written, and fails when there are any. The tests of annals-codegen do the same.
";

pub(crate) fn run(args: &[String]) -> Result<ExitCode, Problem> {
    let mut command = cargo(&["run", "--quiet", "--package", "annals-codegen", "--"]);
    let status = command.args(args).status().map_err(|error| Problem::starting("cargo", &error))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
