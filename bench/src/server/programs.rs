//! The servers, each a process with a folder of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use annals_testbed::program::Program;

use crate::{args::ServerArgs, problem::Result};

/// Everything that is asked over the network here.
pub(super) struct Programs {
    /// One for each protocol, so that each has the same events.
    pub(super) annals: Program,
    pub(super) annals_for_umadb: Program,
    pub(super) annals_for_kurrentdb: Program,
    pub(super) empty: Program,
    /// Syncs a file before it answers an append.
    pub(super) empty_with_sync: Program,
    /// Those of others, where it was said where they are.
    pub(super) umadb: Option<Program>,
    pub(super) sierradb: Option<Program>,
}

impl Programs {
    /// Starts them in folders beside each other.
    pub(super) fn start(parent: &Path, events: u64, args: &ServerArgs) -> Result<Self> {
        let umadb = found("umadb", args.umadb.as_ref())?;
        let sierradb = found("sierradb", args.sierradb.as_ref())?;
        let itself = env::current_exe()?;
        let ours = || {
            Program::start(parent, |folder, port| {
                let mut command = Command::new(&itself);
                command.args(["serve", "--port", &port.to_string()]).arg(folder.join("store"));
                command
            })
        };
        let empty = |with_sync: Option<&str>| {
            Program::start(parent, |_, port| {
                let mut command = Command::new(&itself);
                command.args(["serve-empty", "--port", &port.to_string()]);
                command.args(["--events", &events.to_string()]).args(with_sync);
                command
            })
        };
        Ok(Self {
            annals: ours()?,
            annals_for_umadb: ours()?,
            annals_for_kurrentdb: ours()?,
            empty: empty(None)?,
            empty_with_sync: empty(Some("--sync"))?,
            umadb: umadb.map(|program| start_umadb(&program, parent)).transpose()?,
            sierradb: sierradb.map(|program| start_sierradb(&program, parent)).transpose()?,
        })
    }
}

/// With a page cache, which it has none of by default.
fn start_umadb(program: &Path, parent: &Path) -> Result<Program> {
    let started = Program::start(parent, |folder, port| {
        let mut command = Command::new(program);
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--page-cache-max-mb", "500"]);
        command.arg("--db-path").arg(folder.join("uma.db"));
        command
    });
    Ok(started?)
}

/// One node, with its defaults for everything else.
fn start_sierradb(program: &Path, parent: &Path) -> Result<Program> {
    let mut written = Ok(());
    let started = Program::start(parent, |folder, port| {
        let file = folder.join("sierra.toml");
        let store = folder.join("store");
        let settings = format!(
            "dir = {store:?}\n\
             [network]\ncluster_enabled = false\nclient_address = \"127.0.0.1:{port}\"\n\
             [node]\ncount = 1\nindex = 0\n\
             [replication]\nfactor = 1\n"
        );
        written = fs::write(&file, settings);
        let mut command = Command::new(program);
        command.arg("-c").arg(file);
        command
    });
    written?;
    Ok(started?)
}

/// The program, if it was said where it is; it is started in another folder.
fn found(name: &str, given: Option<&PathBuf>) -> Result<Option<PathBuf>> {
    let Some(given) = given else {
        eprintln!("      without {name}: `cargo xtask bench server` fetches it, or --{name} FILE");
        return Ok(None);
    };
    let found = given.canonicalize();
    Ok(Some(found.map_err(|error| format!("--{name} {}: {error}", given.display()))?))
}
