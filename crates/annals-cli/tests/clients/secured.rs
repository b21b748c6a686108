//! A server with TLS, users and API keys, for one case.

use std::process::Command;

use annals_testbed::annals::Annals;
use libtest_mimic::Failed;
use tempfile::TempDir;

/// A server with a certificate of an authority of its own, generated passwords, and keys.
#[derive(Debug)]
pub(crate) struct Secured {
    server: Annals,
    folder: TempDir,
    keys: [String; 2],
}

const BINARY: &str = env!("CARGO_BIN_EXE_annals");

impl Secured {
    pub(crate) fn start() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let path = |file: &str| folder.path().join(file).into_os_string();
        said(Command::new(BINARY).args(["cert", "dev", "--dir"]).arg(folder.path()))?;
        let key = |arguments: &[&str]| {
            let mut command = Command::new(BINARY);
            command.args(["users", "key", "create"]).args(arguments);
            said(command.arg("--file").arg(path("keys.txt")))
        };
        let keys = [key(&["shop"])?, key(&["reports", "--read-only"])?];
        let arguments = [
            ["--tls-cert".into(), path("server.pem")],
            ["--tls-key".into(), path("server.key")],
            ["--api-keys".into(), path("keys.txt")],
        ];
        let server = Annals::start(BINARY, arguments.concat());
        let server = server.map_err(|problem| problem.to_string())?;
        Ok(Self { server, folder, keys })
    }

    /// The address, and the file of the authority.
    pub(crate) fn address(&self) -> [String; 2] {
        let authority = self.folder.path().join("ca.pem").display().to_string();
        [format!("localhost:{}", self.server.port()), authority]
    }

    /// A key that writes, and one that only reads.
    pub(crate) fn keys(&self) -> [&str; 2] {
        self.keys.each_ref().map(String::as_str)
    }

    /// The password that the server showed on its first start.
    pub(crate) fn password(&self, login: &str) -> Result<String, Failed> {
        let log = self.server.log();
        let mut users = log.lines().filter_map(|line| line.trim().split_once(' '));
        let password = users.find(|(name, _)| *name == login).map(|(_, password)| password.trim());
        password.map(ToOwned::to_owned).ok_or_else(|| format!("no password of {login}").into())
    }
}

/// What a command says when it succeeds.
fn said(command: &mut Command) -> Result<String, Failed> {
    let done = command.output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}
