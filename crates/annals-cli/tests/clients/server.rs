//! A server of a test's own: the binary, over a new folder, on a free port.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use libtest_mimic::Failed;

/// A running `annals serve`; it ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let mut process = Command::new(env!("CARGO_BIN_EXE_annals"))
            .args(["serve", "--insecure", "--listen", "127.0.0.1:0", "--at"])
            .arg(folder.path().join("store"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = process.stderr.take().ok_or("the server has no stderr")?;
        // It says where it listens as soon as it does.
        let mut line = String::new();
        BufReader::new(stderr).read_line(&mut line)?;
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| format!("the server did not start: {line}"))?;
        Ok(Self { process, port, _folder: folder })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
