//! A server for the tests of this workspace: the `annals` binary as users start it.

use std::{
    env, io,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// Names the binary, where it is not where `cargo build` puts it.
const BINARY: &str = "ANNALS_BIN";

/// A running `annals serve` over a new folder, on a free port of loopback. It ends with this value.
#[derive(Debug)]
pub struct Server {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Server {
    /// Starts a server without encryption and waits until it listens.
    ///
    /// # Errors
    /// When the binary is not there, or ends before it listens; the error has its words.
    pub fn start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut process = Command::new(binary())
            .args(["serve", "--insecure", "--listen", "127.0.0.1:0", "--at"])
            .arg(folder.path().join("store"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stderr) = process.stderr.take() {
            BufReader::new(stderr).read_line(&mut line)?;
        }
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| io::Error::other(format!("no server: {line}")))?;
        Ok(Self { process, port, _folder: folder })
    }

    /// The connection string for clients of KurrentDB.
    #[must_use]
    pub fn kurrentdb(&self) -> String {
        format!("kurrentdb://127.0.0.1:{}?tls=false&defaultDeadline=60000", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn binary() -> PathBuf {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/annals");
    env::var_os(BINARY).map_or_else(usual, PathBuf::from)
}
