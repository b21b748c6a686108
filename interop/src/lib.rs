//! A server for the tests of this workspace: the `annals` binary as users start it.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

use annals_testbed::{
    Problem,
    annals::Annals,
    nats::{self, Nats},
};
use tempfile::TempDir;

/// Names the binary, where it is not where `cargo build` puts it.
const BINARY: &str = "ANNALS_BIN";

/// A server with a certificate of an authority of its own, and generated passwords.
#[derive(Debug)]
pub struct Secured {
    server: Annals,
    certificates: TempDir,
}

impl Secured {
    /// Makes the certificates and starts it, over a new folder, on a free port of loopback.
    ///
    /// # Errors
    /// When a command is not there or fails; the problem has its words.
    pub fn start() -> Result<Self, Box<dyn Error>> {
        let certificates = tempfile::tempdir()?;
        let folder = certificates.path();
        let made = Command::new(binary()).args(["cert", "dev", "--dir"]).arg(folder).output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into());
        }
        let [certificate, key] = ["server.pem", "server.key"].map(|file| folder.join(file));
        let arguments =
            ["--tls-cert".into(), certificate.into_os_string(), "--tls-key".into(), key.into()];
        let server = Annals::start(binary(), arguments)?;
        Ok(Self { server, certificates })
    }

    /// The port of localhost.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The file with the certificate of the authority.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.certificates.path().join("ca.pem")
    }

    /// The password that the server showed on its first start; none where it showed none.
    #[must_use]
    pub fn password(&self, login: &str) -> Option<String> {
        let log = self.server.log();
        let mut users = log.lines().filter_map(|line| line.trim().split_once(' '));
        let (_, password) = users.find(|(name, _)| *name == login)?;
        Some(password.trim().to_owned())
    }
}

/// Two servers, each on a node of its own of one cluster, whose log is on a server of NATS.
#[derive(Debug)]
pub struct Clustered {
    /// The servers. They end before the log does.
    pub servers: [Annals; 2],
    _log: Nats,
    _folders: TempDir,
}

impl Clustered {
    /// Makes the log and starts them.
    ///
    /// # Errors
    /// When a program is not there or fails; the problem has its words.
    pub fn start() -> Result<Self, Box<dyn Error>> {
        let log = Nats::start(&nats::Options::default())?;
        let at = format!("{}/shop", log.url());
        let init = ["cluster", "init", "--replicas", "1", "--at", &at];
        let made = Command::new(binary()).args(init).output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into());
        }
        let folders = tempfile::tempdir()?;
        let start = |node: &str| {
            let at = format!("{at}?dir={}&node={node}", folders.path().join(node).display());
            Annals::start_at(binary(), at, ["--insecure"])
        };
        let servers = [start("one")?, start("two")?];
        Ok(Self { servers, _log: log, _folders: folders })
    }

    /// The connection string with both.
    #[must_use]
    pub fn kurrentdb(&self) -> String {
        let [one, two] = self.servers.each_ref().map(Annals::port);
        format!("kurrentdb://127.0.0.1:{one},127.0.0.1:{two}?tls=false")
    }
}

fn binary() -> PathBuf {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/annals");
    env::var_os(BINARY).map_or_else(usual, PathBuf::from)
}

/// Starts a server without encryption over a new folder, on a free port of loopback.
///
/// # Errors
/// When the binary is not there, or ends before it listens; the problem has its words.
pub fn server() -> Result<Annals, Problem> {
    Annals::start(binary(), ["--insecure"])
}
