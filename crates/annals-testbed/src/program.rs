//! Any server that is told its port: started in a folder of its own, ended with its owner.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::Problem;
use crate::account::Account;
use crate::guard::{Guard, Watched};
use crate::output::end_of;
use crate::port;
use crate::process::Signal;
use crate::wait::wait_for;

/// Far more than starting or ending takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. It is killed with this value, and ends with this process.
#[derive(Debug)]
pub struct Program {
    guard: Guard,
    port: u16,
    /// Removed last.
    folder: TempDir,
}

impl Program {
    /// Starts what `command` gives for a folder and a port, and waits until it takes connections
    /// on that port of 127.0.0.1. The folder is made inside of `parent`.
    ///
    /// # Errors
    /// It ends before it listens, or listens nowhere; the problem has its words.
    pub fn start(
        parent: &Path,
        command: impl FnOnce(&Path, u16) -> Command,
    ) -> Result<Self, Problem> {
        let folder = TempDir::new_in(parent);
        let folder = folder.map_err(|error| Problem::file("make a folder in", parent, &error))?;
        let (port, log) = (port::free()?, folder.path().join("log"));
        let (account, last) = (Account::Ours, Signal::Kill);
        let watched = Watched { account, folder: folder.path(), log: &log, last };
        let mut guard = Guard::start(&watched, &command(folder.path(), port))?;
        let said = || String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
        wait_for("the server listens", PATIENCE, || match guard.ended() {
            Ok(None) => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok().map(|_| Ok(())),
            Ok(Some(status)) => Some(Err(Problem::new(
                format!("a server ended with {status} before it listened"),
                end_of(&said()),
                "what it said stands before this",
            ))),
            Err(problem) => Some(Err(problem)),
        })??;
        Ok(Self { guard, port, folder })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.guard.server()
    }

    /// What it was started in; it has its log, too.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The guard's shell ends what does not go by itself.
        if self.guard.tell(Signal::Kill).is_ok() {
            drop(self.guard.wait(PATIENCE));
        }
    }
}
