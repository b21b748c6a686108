//! What a server has on disk: its temporary folder and its data folder, and
//! the commands that work on them.
//!
//! Everything runs under one account and with none of the variables by which
//! the developer's own PostgreSQL may be configured.

use std::env;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Installation, Options, USER};
use crate::Problem;
use crate::account::Account;
use crate::output::output_of;

/// The file in which a server says which process it is and how far it has come.
const STATUS: &str = "postmaster.pid";

/// The line of it that says how far, counted from 0.
const STATUS_LINE: usize = 7;

/// The folders of one server; the temporary one is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Cluster {
    programs: Installation,
    account: Account,
    folder: TempDir,
    log: PathBuf,
    data: PathBuf,
}

impl Cluster {
    /// An initialized data folder with the settings and files that `options` ask for.
    pub(super) fn new(programs: Installation, options: Options) -> Result<Self, Problem> {
        let configuration = options.configuration();
        let cluster = Self::empty(programs, options.data)?;
        let mut command = cluster.command("initdb");
        command.args(["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync"]);
        command.arg(format!("--username={USER}")).arg("--pgdata").arg(&cluster.data);
        cluster.account.run(&mut command);
        output_of(&mut command)?;
        cluster.configure(&configuration)?;
        for (name, content) in options.files {
            cluster.add(&name, &content)?;
        }
        Ok(cluster)
    }

    /// A copy of what the server at `port` has, which will follow that server.
    pub(super) fn copy(&self, port: u16) -> Result<Self, Problem> {
        let copy = Self::empty(self.programs.clone(), None)?;
        let mut command = copy.command("pg_basebackup");
        command.args(["--host=127.0.0.1", "--username", USER, "--no-password", "--no-sync"]);
        command.args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"]);
        command.arg(format!("--port={port}")).arg("--pgdata").arg(&copy.data);
        copy.account.run(&mut command);
        output_of(&mut command)?;
        Ok(copy)
    }

    fn empty(programs: Installation, data: Option<PathBuf>) -> Result<Self, Problem> {
        let folder = tempfile::Builder::new().prefix("annals-postgres-").tempdir();
        let folder =
            folder.map_err(|error| Problem::file("make a folder in", &env::temp_dir(), &error))?;
        let account = Account::new(folder.path())?;
        account.own(folder.path())?;
        let data = data.unwrap_or_else(|| folder.path().join("data"));
        private_folder(&data).map_err(|error| Problem::file("make", &data, &error))?;
        account.own(&data)?;
        let log = folder.path().join("log");
        Ok(Self { programs, account, folder, log, data })
    }

    fn configure(&self, lines: &str) -> Result<(), Problem> {
        let path = self.data.join("postgresql.conf");
        let failed = |error| Problem::file("add settings to", &path, &error);
        let mut file = OpenOptions::new().append(true).open(&path).map_err(failed)?;
        file.write_all(lines.as_bytes()).map_err(failed)
    }

    fn add(&self, name: &str, content: &[u8]) -> Result<(), Problem> {
        let path = self.data.join(name);
        let failed = |error| Problem::file("write", &path, &error);
        fs::write(&path, content).map_err(failed)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
        self.account.own(&path)
    }

    /// The command that is the server. What it is given here stands above every other setting.
    pub(super) fn server(&self, port: u16) -> Command {
        let mut command = self.command("postgres");
        command.arg("-D").arg(&self.data).arg("-p").arg(port.to_string());
        let sockets = format!("unix_socket_directories={}", self.folder().display());
        for setting in ["listen_addresses=127.0.0.1", &sockets, "logging_collector=off"] {
            command.args(["-c", setting]);
        }
        command
    }

    /// One of PostgreSQL's programs, as ourselves, in the temporary folder.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.program(program));
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").current_dir(self.folder());
        command
    }

    /// Whether the server of this process id says that it accepts connections.
    pub(super) fn is_ready(&self, pid: u32) -> bool {
        let status = fs::read_to_string(self.data.join(STATUS)).unwrap_or_default();
        let mut lines = status.lines();
        let is_ours = lines.next().is_some_and(|first| first.trim() == pid.to_string());
        is_ours && lines.nth(STATUS_LINE - 1).is_some_and(|line| line.trim() == "ready")
    }

    /// Removes the marks of a killed server. The number in them may be another process by now,
    /// and a new server would then refuse to start.
    pub(super) fn forget_the_dead(&self, port: u16) -> Result<(), Problem> {
        let socket = self.folder().join(format!(".s.PGSQL.{port}.lock"));
        for path in [self.data.join(STATUS), socket] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Problem::file("remove", &path, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn account(&self) -> Account {
        self.account
    }

    /// The temporary folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file that the server's words go to.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }
}

/// A server refuses a data folder that others may look into.
fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}
