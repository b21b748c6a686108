//! A server of ours: the `annals` binary as users start it, over a new folder or any store, on a
//! free port.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::Problem;
use crate::account::Account;
use crate::guard::{Guard, Watched};
use crate::output::end_of;
use crate::process::Signal;
use crate::wait::wait_for;

/// Far more than starting or stopping takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `annals serve`. It ends with this value, or with this process.
#[derive(Debug)]
pub struct Annals {
    guard: Option<Guard>,
    binary: PathBuf,
    /// The URL of its store; none for that in its folder.
    at: Option<OsString>,
    arguments: Vec<OsString>,
    port: u16,
    folder: TempDir,
}

impl Annals {
    /// Starts `binary serve` with these arguments besides the store and the address, and waits
    /// until it listens.
    ///
    /// # Errors
    /// It ends before it listens; the problem has its words.
    pub fn start(
        binary: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Self, Problem> {
        Self::start_with(binary.into(), None, arguments.into_iter().map(Into::into).collect())
    }

    /// The same over the store at a URL.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_at(
        binary: impl Into<PathBuf>,
        at: impl Into<OsString>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Self, Problem> {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self::start_with(binary.into(), Some(at.into()), arguments)
    }

    fn start_with(
        binary: PathBuf,
        at: Option<OsString>,
        arguments: Vec<OsString>,
    ) -> Result<Self, Problem> {
        let folder = tempfile::tempdir();
        let folder =
            folder.map_err(|error| Problem::file("make", Path::new("a folder"), &error))?;
        let mut server = Self { guard: None, binary, at, arguments, port: 0, folder };
        server.start_again()?;
        Ok(server)
    }

    /// Starts a server that was killed or stopped on the same store and port.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_again(&mut self) -> Result<(), Problem> {
        let folder = self.folder.path();
        let log = self.log_file();
        let said_before = self.log().len();
        let mut command = Command::new(&self.binary);
        command.arg("serve").args(["--listen", &format!("127.0.0.1:{}", self.port)]);
        command.arg("--at").arg(self.at.clone().unwrap_or_else(|| self.store().into()));
        command.args(&self.arguments);
        let watched = Watched { account: Account::Ours, folder, log: &log, last: Signal::Kill };
        let mut guard = Guard::start(&watched, &command)?;
        let started = wait_for("the server listens", PATIENCE, || match guard.ended() {
            Ok(None) => Ok(port_in(self.log().get(said_before..).unwrap_or_default())).transpose(),
            Ok(Some(status)) => Some(Err(Problem::new(
                format!("`annals serve` ended with {status}"),
                end_of(&self.log()),
                "what it said stands before this",
            ))),
            Err(problem) => Some(Err(problem)),
        });
        self.port = started??;
        self.guard = Some(guard);
        Ok(())
    }

    /// The port of 127.0.0.1; stays the same when the server starts again.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id; none while it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.guard.as_ref().map(Guard::server)
    }

    /// The connection string for clients of KurrentDB, without encryption.
    #[must_use]
    pub fn kurrentdb(&self) -> String {
        format!("kurrentdb://localhost:{}?tls=false", self.port)
    }

    /// The folder of the store, unless that is elsewhere, for who looks into it while the server does not run.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Everything the server said.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    /// The memory that the server has now, in bytes; none while it does not run.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kibibytes * 1024)
    }

    /// Kills the server with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be signalled, or does not end.
    pub fn kill(&mut self) -> Result<(), Problem> {
        self.end(Signal::Kill)
    }

    /// Stops the server in order, as Ctrl-C does.
    ///
    /// # Errors
    /// As for [`kill`](Self::kill).
    pub fn stop(&mut self) -> Result<(), Problem> {
        self.end(Signal::Interrupt)
    }

    fn end(&mut self, signal: Signal) -> Result<(), Problem> {
        let Some(guard) = &mut self.guard else {
            return Ok(());
        };
        guard.tell(signal)?;
        guard.wait(PATIENCE)?;
        self.guard = None;
        Ok(())
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Annals {
    fn drop(&mut self) {
        // The guard's shell ends what does not go by itself.
        drop(self.kill());
    }
}

/// The port in the line with which a server says that it listens, in a log of text or of JSON.
fn port_in(log: &str) -> Option<u16> {
    let said = log.lines().find_map(|line| line.split_once("serving "))?.1;
    let (_, address) = said.split_once(" on ")?;
    let end = address.split([' ', '"']).next()?;
    end.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn the_port_is_read_from_the_line_that_says_so() {
        let text = "serving file:/a:b on 127.0.0.1:2113 address=127.0.0.1:2113";
        let json = format!("{{\"level\":\"INFO\",\"message\":\"{text}\",\"a\":\"b:c\"}}");
        assert_eq!(port_in(&format!("a warning\nINFO {text}\n")), Some(2113));
        assert_eq!(port_in(&json), Some(2113));
        assert_eq!(port_in("serving file:/a on 127.0.0.1:2113\n"), Some(2113));
        assert_eq!(port_in("a warning\n"), None);
    }
}
