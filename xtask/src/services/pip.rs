//! Packages from Python's registry, in a folder of the build's own: nothing is
//! installed for the user or the system.

use std::path::Path;
use std::process::{Command, Stdio};

use super::install;
use crate::problem::Problem;

/// What a package is wanted for, so that a problem says what to do without it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// For example `the Python packages of the clients`.
    pub(super) what: &'a str,
    /// With their versions.
    pub(super) packages: &'a [&'a str],
    /// What somebody else can set, and to what.
    pub(super) instead: &'a str,
}

/// Puts packages and their programs into a folder, the programs into its `bin`.
pub(super) fn fetch(folder: &Path, wanted: Wanted<'_>) -> Result<(), Problem> {
    if !is_well(python().args(["-m", "pip", "--version"])) {
        install::package("python3-pip", "Python's pip is not installed")?;
    }
    let Wanted { what, packages, instead } = wanted;
    println!("$ python3 -m pip install --target {} {}", folder.display(), packages.join(" "));
    let mut command = python();
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    command.args(["--upgrade", "--target"]).arg(folder).args(packages).stdin(Stdio::null());
    let status = command.status().map_err(|error| Problem::starting("python3", &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Problem::new(
        format!("{what} could not be fetched ({status})"),
        "pip's own words stand above",
        format!("install {} yourself and set {instead}", packages.join(" and ")),
    ))
}

pub(super) fn python() -> Command {
    Command::new("python3")
}

/// Whether a command can be run and succeeds; what it says is not wanted.
pub(super) fn is_well(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
