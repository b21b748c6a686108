//! A server with TLS and users, for one case.

use std::{path::PathBuf, process::Command};

use annals_testbed::annals::Annals;
use libtest_mimic::Failed;
use tempfile::TempDir;

/// A server with a certificate of an authority of its own, and generated passwords.
#[derive(Debug)]
pub(crate) struct Secured {
    server: Annals,
    folder: TempDir,
}

impl Secured {
    pub(crate) fn start() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let binary = env!("CARGO_BIN_EXE_annals");
        let made =
            Command::new(binary).args(["cert", "dev", "--dir"]).arg(folder.path()).output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
        }
        let files = ["server.pem", "server.key"].map(|file| folder.path().join(file));
        let [certificate, key] = files.map(PathBuf::into_os_string);
        let arguments = ["--tls-cert".into(), certificate, "--tls-key".into(), key];
        let server = Annals::start(binary, arguments).map_err(|problem| problem.to_string())?;
        Ok(Self { server, folder })
    }

    /// What a script is told: the address, the authority, and the passwords of `admin` and `ops`.
    pub(crate) fn arguments(&self) -> Result<[String; 4], Failed> {
        Ok([
            format!("localhost:{}", self.server.port()),
            self.folder.path().join("ca.pem").display().to_string(),
            self.password("admin")?,
            self.password("ops")?,
        ])
    }

    /// The password that the server showed on its first start.
    fn password(&self, login: &str) -> Result<String, Failed> {
        let log = self.server.log();
        let mut users = log.lines().filter_map(|line| line.trim().split_once(' '));
        let password = users.find(|(name, _)| *name == login).map(|(_, password)| password.trim());
        password.map(ToOwned::to_owned).ok_or_else(|| format!("no password of {login}").into())
    }
}
