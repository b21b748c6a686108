//! Processes of a server, as `/proc` shows them, and signals to them.
//!
//! A process is its number and its time of start, so that a number that was
//! given away again is never taken for the old process.
//! What is dead but not yet collected by its parent counts as gone.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Problem;
use crate::wait::wait_until;

/// A process that was alive when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    parent: u32,
    started: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Stopped,
    Other,
}

impl Process {
    /// The process of this number, if it is alive.
    pub(crate) fn find(pid: u32) -> Option<Self> {
        parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Everything that descends from this process.
    pub(crate) fn descendants(&self) -> Result<Vec<Self>, Problem> {
        let mut rest = all()?;
        let mut found: Vec<Self> = Vec::new();
        let mut parents = vec![self.pid];
        while let Some(parent) = parents.pop() {
            let (children, others) = rest.into_iter().partition(|one: &Self| one.parent == parent);
            rest = others;
            parents.extend(children.iter().map(|child| child.pid));
            found.extend(children);
        }
        Ok(found)
    }

    /// Stops this process and waits until it does nothing more.
    pub(crate) fn freeze(&self) -> Result<(), Problem> {
        send(Signal::Stop, &[*self])?;
        wait_until("the process has stopped", || {
            self.look_again().is_none_or(|now| now.state == State::Stopped)
        })
    }

    /// Whether this very process has ended.
    pub(crate) fn is_gone(&self) -> bool {
        self.look_again().is_none()
    }

    fn look_again(&self) -> Option<Self> {
        Self::find(self.pid).filter(|now| now.started == self.started)
    }
}

/// What a process can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    Quit,
    Terminate,
    Kill,
    Stop,
    Continue,
}

impl Signal {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "INT",
            Self::Quit => "QUIT",
            Self::Terminate => "TERM",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }
}

/// Sends `signal` to each; those that have ended meanwhile are left out.
pub(crate) fn send(signal: Signal, to: &[Process]) -> Result<(), Problem> {
    let pids: Vec<_> = to.iter().filter(|one| !one.is_gone()).map(|one| one.pid).collect();
    send_to_pids(signal, &pids)
}

/// Sends `signal` to children of ours that nobody else can have collected.
pub(crate) fn send_to_pids(signal: Signal, pids: &[u32]) -> Result<(), Problem> {
    if pids.is_empty() {
        return Ok(());
    }
    let mut command = Command::new("sh");
    command.args(["-c", "kill -s \"$0\" \"$@\"", signal.name()]);
    command.args(pids.iter().map(u32::to_string));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Its answer is not asked for: it also fails when one of many has just ended,
    // and what matters is looked at afterwards.
    command.status().map(drop).map_err(|error| Problem::starting(Path::new("sh"), &error))
}

fn all() -> Result<Vec<Process>, Problem> {
    let entries = fs::read_dir("/proc").map_err(|error| {
        Problem::new(
            "cannot list processes",
            format!("/proc cannot be read: {error}"),
            "run the tests that kill or pause servers on Linux",
        )
    })?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| Process::find(name.parse().ok()?)).collect())
}

/// Reads a line of `/proc/PID/stat`; nothing if the process is dead.
fn parse(pid: u32, line: &str) -> Option<Process> {
    // The name may hold spaces and parentheses; it ends at the last one.
    let (_, rest) = line.rsplit_once(')')?;
    let fields: Vec<_> = rest.split_whitespace().collect();
    let state = match *fields.first()? {
        "Z" | "X" => return None,
        "T" => State::Stopped,
        _ => State::Other,
    };
    let parent = fields.get(1)?.parse().ok()?;
    let started = fields.get(19)?.parse().ok()?;
    Some(Process { pid, parent, started, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(state: &str) -> String {
        format!("7 (a) b)) {state} 3 {} 42 0", "0 ".repeat(17))
    }

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let process = parse(7, &line("S")).unwrap();
        assert_eq!((process.pid, process.parent, process.started), (7, 3, 42));
        assert_eq!(parse(7, &line("T")).unwrap().state, State::Stopped);
    }

    #[test]
    fn the_dead_are_gone_before_their_parents_notice() {
        assert_eq!(parse(7, &line("Z")), None);
    }
}
