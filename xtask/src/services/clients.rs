//! The Python packages of clients that nobody here wrote, in a folder of the
//! build's own: nothing is installed for the user or the system.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::install;
use crate::problem::Problem;
use crate::workspace;

/// Tells tests where the packages are.
pub(super) const PACKAGES: &str = "ANNALS_TEST_PYTHON_PACKAGES";

/// What is installed, and what shows that it is there.
const WANTED: [(&str, &str); 2] =
    [("kurrentdbclient==1.3.5", "kurrentdbclient"), ("umadb==0.7.8", "umadb")];

/// The folder with the packages, which are fetched where they are missing.
pub(super) fn packages() -> Result<PathBuf, Problem> {
    if let Some(folder) = env::var_os(PACKAGES) {
        println!("{PACKAGES} names a folder already");
        return Ok(folder.into());
    }
    let folder = workspace::root().join("target/test-clients");
    if !are_there(&folder) {
        if !is_well(python().args(["-m", "pip", "--version"])) {
            install::package("python3-pip", "Python's pip is not installed")?;
        }
        fetch(&folder)?;
    }
    Ok(folder)
}

fn are_there(folder: &PathBuf) -> bool {
    let modules = WANTED.map(|(_, module)| module).join(", ");
    is_well(python().args(["-c", &format!("import {modules}")]).env("PYTHONPATH", folder))
}

fn fetch(folder: &PathBuf) -> Result<(), Problem> {
    let packages = WANTED.map(|(package, _)| package);
    println!("$ python3 -m pip install --target target/test-clients {}", packages.join(" "));
    let mut command = python();
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    command.args(["--upgrade", "--target"]).arg(folder).args(packages).stdin(Stdio::null());
    let status = command.status().map_err(|error| Problem::starting("python3", &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Problem::new(
        format!("the Python packages of the clients could not be fetched ({status})"),
        "pip's own words stand above",
        format!("install {} yourself and set {PACKAGES} to their folder", packages.join(" and ")),
    ))
}

fn python() -> Command {
    Command::new("python3")
}

fn is_well(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
