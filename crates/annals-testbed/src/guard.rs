//! A server that ends with the process that started it, also with `kill -9`.
//!
//! Between the two stands a small shell that does nothing but wait: for the
//! server to end, and for the end of its own input, a pipe whose only writer is
//! the owner.
//! However the owner ends, the system closes the pipe, and the shell stops the
//! server and removes its folder.
//! This needs nothing but `sh`. The signal on a parent's death that Linux has
//! (`setpriv --pdeathsig`) follows the thread that forked, not the process, and
//! test threads end while their servers are still in use.
//!
//! The shell has a process group of its own: Ctrl-C on a terminal ends the
//! owner, and only then, in order, the server.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::Problem;
use crate::account::Account;
use crate::process::{Signal, send_to_pids};
use crate::wait::wait_for;

/// `$1` is the folder to remove, `$2` the log, `$3` the signal that ends the server at once, the
/// rest the server.
/// Hangups are ignored: when the owner ends while the server is paused, the system sends one to
/// the whole process group, and the shell would end before its work.
/// The subshell reads the pipe; it ends by itself only when the owner is gone. From then on it
/// cannot be ended, or a server that is gone at once would look like one that went by itself, and
/// its folder would stay.
/// What was paused must go on before it can stop; where Linux does not list the children of a
/// process, a paused child is left to its server, which kills it after a few seconds.
const SCRIPT: &str = r#"
folder=$1 log=$2 last=$3
shift 3
trap '' HUP
exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
server=$!
echo "$server"
exec >/dev/null
(
    read -r nothing <&3
    trap '' TERM
    kill -s CONT "$server" $(cat "/proc/$server/task/$server/children")
    kill -s "$last" "$server"
) &
watch=$!
wait "$server"
status=$?
kill "$watch"
if wait "$watch"; then rm -rf "$folder"; fi
exit "$status"
"#;

/// A running server and the shell that watches over it.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Its input stays open as long as this does: that is the leash.
    shell: Child,
    server: u32,
}

/// What a guard needs to know of a server.
#[derive(Debug)]
pub(crate) struct Watched<'a> {
    pub(crate) account: Account,
    /// Removed when the owner dies.
    pub(crate) folder: &'a Path,
    /// What the server prints is added to this file.
    pub(crate) log: &'a Path,
    /// What ends it at once when the owner dies. A shell starts what is in the background with
    /// interrupts and quits ignored, so only a server that has a use for them hears them.
    pub(crate) last: Signal,
}

impl Guard {
    /// Starts `server`, a program with its arguments; its environment and folder are kept.
    pub(crate) fn start(watched: &Watched<'_>, server: &Command) -> Result<Self, Problem> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "guard"]).arg(watched.folder).arg(watched.log);
        command.arg(watched.last.name());
        command.arg(server.get_program()).args(server.get_args());
        for (name, value) in server.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(watched.folder).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        watched.account.run(&mut command);
        let started = command.spawn();
        let mut shell = started.map_err(|error| Problem::starting(Path::new("sh"), &error))?;
        let server = first_line(&mut shell)?;
        Ok(Self { shell, server })
    }

    /// The process id of the server itself.
    pub(crate) fn server(&self) -> u32 {
        self.server
    }

    /// How the server ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, Problem> {
        self.shell.try_wait().map_err(|error| Problem::starting(Path::new("sh"), &error))
    }

    /// Tells the server something; not if it has ended.
    pub(crate) fn tell(&mut self, signal: Signal) -> Result<(), Problem> {
        match self.ended()? {
            None => send_to_pids(signal, &[self.server]),
            Some(_) => Ok(()),
        }
    }

    /// Waits until the server has ended.
    pub(crate) fn wait(&mut self, patience: Duration) -> Result<(), Problem> {
        wait_for("the server has ended", patience, || match self.ended() {
            Ok(None) => None,
            Ok(Some(_)) => Some(Ok(())),
            Err(problem) => Some(Err(problem)),
        })?
    }
}

/// The process id that the shell prints first.
fn first_line(shell: &mut Child) -> Result<u32, Problem> {
    let failed = |why: String| {
        Problem::new("cannot start a server", why, "check that `sh` is a POSIX shell")
    };
    let stdout = shell.stdout.take().ok_or_else(|| failed("its output is lost".to_owned()))?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).map_err(|error| failed(error.to_string()))?;
    line.trim().parse().map_err(|_| failed(format!("the shell said `{}`", line.trim())))
}
