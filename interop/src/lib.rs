//! A server for the tests of this workspace: the `annals` binary as users start it.

use std::{
    env,
    path::{Path, PathBuf},
};

use annals_testbed::{Problem, annals::Annals};

/// Names the binary, where it is not where `cargo build` puts it.
const BINARY: &str = "ANNALS_BIN";

/// Starts a server without encryption over a new folder, on a free port of loopback.
///
/// # Errors
/// When the binary is not there, or ends before it listens; the problem has its words.
pub fn server() -> Result<Annals, Problem> {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/annals");
    let binary = env::var_os(BINARY).map_or_else(usual, PathBuf::from);
    Annals::start(binary, ["--insecure"])
}
