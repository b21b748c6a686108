//! The Python packages of clients that nobody here wrote.

use std::env;
use std::path::{Path, PathBuf};

use super::pip::{self, Wanted};
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
        fetch(&folder)?;
    }
    Ok(folder)
}

fn are_there(folder: &Path) -> bool {
    let modules = WANTED.map(|(_, module)| module).join(", ");
    pip::is_well(pip::python().args(["-c", &format!("import {modules}")]).env("PYTHONPATH", folder))
}

fn fetch(folder: &Path) -> Result<(), Problem> {
    let what = "the Python packages of the clients";
    let instead = format!("{PACKAGES} to their folder");
    let packages = WANTED.map(|(package, _)| package);
    pip::fetch(folder, Wanted { what, packages: &packages, instead: &instead })
}
