//! The Python interpreter with the packages of the clients.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use libtest_mimic::Failed;

/// Names the folder with the packages, where they are not installed for everybody.
const PACKAGES: &str = "ANNALS_TEST_PYTHON_PACKAGES";

/// A Python that has what a script needs.
#[derive(Debug, Clone)]
pub(crate) struct Python;

impl Python {
    /// `None` when the package is not there.
    pub(crate) fn with(package: &str) -> Option<Self> {
        let mut command = command();
        command.args(["-c", &format!("import {package}")]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success()).then_some(Self)
    }

    /// Runs a script that lies beside this file.
    pub(crate) fn run(&self, file: &str, args: &[&str]) -> Result<(), Failed> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        // A case that hangs ends by itself, and says where it was.
        let mut command = command();
        command.args(["-X", "faulthandler", "-c", DEADLINE, file]).args(args).current_dir(folder);
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}\n{said}", output.status).into())
    }
}

/// Runs the script named first, and shows where every thread is after a minute.
///
/// What has passed ends at once: where Python takes itself down, grpc's finalizers now and then wait
/// for a lock of a thread that is gone already.
const DEADLINE: &str = "import faulthandler, os, runpy, sys
faulthandler.dump_traceback_later(60, exit=True)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
os._exit(0)";

fn command() -> Command {
    let mut command = Command::new("python3");
    if let Some(packages) = env::var_os(PACKAGES) {
        command.env("PYTHONPATH", packages);
    }
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
