//! The servers of others that ours is measured beside, fetched once into target/.

use std::env;
use std::path::PathBuf;

use crate::cargo::{cargo, shown};
use crate::problem::Problem;
use crate::services;
use crate::workspace;

/// Where the benchmark looks for each.
const UMADB: &str = "ANNALS_BENCH_UMADB";
const SIERRADB: &str = "ANNALS_BENCH_SIERRADB";

const SIERRADB_VERSION: &str = "0.3.1";

/// Whether these arguments run a suite, and do not only ask for help.
pub(super) fn is_of(args: &[String], suite: &str) -> bool {
    let asks = |arg: &String| matches!(arg.as_str(), "-h" | "--help");
    args.first().is_some_and(|first| first == suite) && !args.iter().any(asks)
}

/// The variables that tell the benchmark where the servers are; what the user has set stays.
pub(super) fn fetch() -> Result<Vec<(&'static str, PathBuf)>, Problem> {
    let mut told = Vec::new();
    if env::var_os(UMADB).is_none() {
        told.push((UMADB, services::client_packages()?.join("bin/umadb")));
    }
    if env::var_os(SIERRADB).is_none() {
        told.push((SIERRADB, sierradb()?));
    }
    Ok(told)
}

fn sierradb() -> Result<PathBuf, Problem> {
    let root = workspace::root().join("target/bench-peers");
    let program = root.join("bin/sierradb");
    if program.exists() {
        return Ok(program);
    }
    let mut command = cargo(&["install", "sierradb-server", "--locked"]);
    command.args(["--version", SIERRADB_VERSION, "--root"]).arg(&root);
    println!("$ {}", shown(&command));
    let status = command.status().map_err(|error| Problem::starting("cargo", &error))?;
    if status.success() && program.exists() {
        return Ok(program);
    }
    Err(Problem::new(
        "SierraDB's server could not be built",
        "cargo's own words stand above",
        format!("build it yourself and set {SIERRADB} to the program"),
    ))
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn only_a_run_of_servers_needs_them() {
        let needed = |args: &[&str]| {
            is_of(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>(), "server")
        };
        assert!(needed(&["server", "--quick"]));
        assert!(!needed(&["server", "--help"]));
        assert!(!needed(&["engine"]));
        assert!(!needed(&[]));
    }
}
