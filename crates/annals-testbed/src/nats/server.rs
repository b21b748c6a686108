//! One server: its folder, its ports, its process.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::monitor::Monitor;
use super::options::quoted;
use super::{Installation, Options};
use crate::Problem;
use crate::account::Account;
use crate::guard::{Guard, Watched};
use crate::output::end_of;
use crate::port;
use crate::process::{Process, Signal, send};
use crate::wait::wait_for;

/// Far more than starting or ending takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many times other ports are taken, because somebody else took the first.
const STARTS_MAX: usize = 10;

const CLUSTER: &str = "annals-testbed";

/// Where nobody listens. Servers tell each other how a third one is reached; told this, they keep
/// to the routes that they were given.
const NOWHERE: &str = "127.0.0.1:1";

/// A NATS server of this process, with JetStream; ends when it is dropped.
#[derive(Debug)]
pub struct Nats {
    /// Nothing while the server does not run. Before the folder, so that it is dropped first.
    guard: Option<Guard>,
    state: State,
    program: PathBuf,
    member: Option<Member>,
    ports: Ports,
    folder: TempDir,
}

/// What a server is to the others of its cluster.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    /// The ports that lead to the others.
    pub(super) routes: Vec<u16>,
}

/// What a server with a guard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Runs,
    Paused,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    clients: u16,
    monitor: u16,
    routes: u16,
}

impl Nats {
    /// Starts a server on a new folder and waits until it takes clients; some 25 ms.
    ///
    /// # Errors
    /// NATS is not installed or too old, or it refuses what the options ask for; the problem has
    /// the end of what it said.
    pub fn start(options: &Options) -> Result<Self, Problem> {
        Self::start_of(&installed()?, options)
    }

    /// The same with a program that was found before.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_of(installation: &Installation, options: &Options) -> Result<Self, Problem> {
        Self::start_as(installation, options, None)
    }

    /// The same as one of a cluster.
    pub(super) fn start_as(
        installation: &Installation,
        options: &Options,
        member: Option<Member>,
    ) -> Result<Self, Problem> {
        let folder = tempfile::Builder::new().prefix("annals-nats-").tempdir();
        let folder =
            folder.map_err(|error| Problem::file("make a folder in", &env::temp_dir(), &error))?;
        let program = installation.program().to_owned();
        let (ports, state) = (Ports::free()?, State::Runs);
        let mut server = Self { guard: None, state, program, member, ports, folder };
        let mut last = String::new();
        for _ in 0..STARTS_MAX {
            server.configure(options)?;
            match server.launch()? {
                Launch::Ready => return Ok(server),
                Launch::Ended(log) if log.contains("address already in use") => last = log,
                Launch::Ended(log) => return Err(not_started(&log)),
            }
            server.ports = Ports::free()?;
        }
        Err(not_started(&last))
    }

    /// The URL: `nats://127.0.0.1:PORT`, without the login, and also when clients are spoken to
    /// by TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port())
    }

    /// The port of 127.0.0.1 for clients; stays the same when the server starts again.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.clients
    }

    /// The port for other servers; nobody listens there without a cluster.
    pub(super) fn routes_port(&self) -> u16 {
        self.ports.routes
    }

    pub(super) fn monitor(&self) -> Monitor {
        Monitor { port: self.ports.monitor }
    }

    /// The process id; none while it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.guard.as_ref().map(Guard::server)
    }

    /// The folder of what JetStream stores, for who copies it or puts it back while the server
    /// does not run.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything the server said since it was made.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    /// Whether it was started and neither ended nor paused here.
    pub(super) fn runs(&self) -> bool {
        self.guard.is_some() && self.state == State::Runs
    }

    /// Kills the server with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be signalled, or does not end within 60 s.
    pub fn kill(&mut self) -> Result<(), Problem> {
        self.end(Signal::Kill)
    }

    /// Stops the server in order with SIGTERM and waits until it is gone. One that is paused goes
    /// on for that.
    ///
    /// # Errors
    /// As for [`kill`](Self::kill).
    pub fn stop(&mut self) -> Result<(), Problem> {
        self.resume()?;
        self.end(Signal::Terminate)
    }

    /// Stops the server where it is; connections stay open and nothing answers.
    ///
    /// # Errors
    /// It cannot be signalled, or looked at for want of `/proc`.
    pub fn pause(&mut self) -> Result<(), Problem> {
        if let Some(process) = self.process() {
            process.freeze()?;
            self.state = State::Paused;
        }
        Ok(())
    }

    /// Lets a paused server go on.
    ///
    /// # Errors
    /// As for [`pause`](Self::pause).
    pub fn resume(&mut self) -> Result<(), Problem> {
        if let Some(process) = self.process() {
            send(Signal::Continue, &[process])?;
        }
        self.state = State::Runs;
        Ok(())
    }

    /// Starts a server that was killed or stopped on the same folder and ports, and waits until
    /// it takes clients.
    ///
    /// # Errors
    /// It still runs, or it does not start; the problem has the end of its log.
    pub fn restart(&mut self) -> Result<(), Problem> {
        if self.guard.is_some() {
            return Err(Problem::new(
                "cannot start the server again",
                "it is still running",
                "kill or stop it first",
            ));
        }
        match self.launch()? {
            Launch::Ready => Ok(()),
            Launch::Ended(log) => Err(not_started(&log)),
        }
    }

    fn process(&self) -> Option<Process> {
        Process::find(self.pid()?)
    }

    fn end(&mut self, signal: Signal) -> Result<(), Problem> {
        if let Some(guard) = &mut self.guard {
            guard.tell(signal)?;
            guard.wait(PATIENCE)?;
        }
        (self.guard, self.state) = (None, State::Runs);
        Ok(())
    }

    fn launch(&mut self) -> Result<Launch, Problem> {
        let said_before = self.log().len();
        let said = |server: &Self| server.log().get(said_before..).unwrap_or_default().to_owned();
        let (folder, log) = (self.folder.path(), self.log_file());
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(self.configuration_file());
        let watched = Watched { account: Account::Ours, folder, log: &log, last: Signal::Kill };
        let mut guard = Guard::start(&watched, &command)?;
        let is_ready = wait_for("the server takes clients", PATIENCE, || match guard.ended() {
            Ok(None) => self.is_ready(&said(self)).then_some(Ok(true)),
            Ok(Some(_)) => Some(Ok(false)),
            Err(problem) => Some(Err(problem)),
        })??;
        if !is_ready {
            return Ok(Launch::Ended(said(self)));
        }
        self.guard = Some(guard);
        Ok(Launch::Ready)
    }

    /// The log is asked and not the port, which may by now be that of somebody else's server.
    fn is_ready(&self, said: &str) -> bool {
        let takes_servers = said.contains("Listening for route connections on");
        said.contains("Server is ready") && (takes_servers || self.member.is_none())
    }

    fn configure(&self, options: &Options) -> Result<(), Problem> {
        let store = self.folder();
        let path = self.configuration_file();
        let Ports { clients, monitor, .. } = self.ports;
        let mut lines = format!("listen: \"127.0.0.1:{clients}\"\nhttp: \"127.0.0.1:{monitor}\"\n");
        lines += &options.configuration(&store.to_string_lossy());
        if let Some(member) = &self.member {
            lines += &member.configuration(self.ports.routes);
        }
        fs::write(&path, lines).map_err(|error| Problem::file("write", &path, &error))
    }

    fn configuration_file(&self) -> PathBuf {
        self.folder.path().join("configuration")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Member {
    fn configuration(&self, port: u16) -> String {
        let routes = self.routes.iter().map(|port| format!("\"nats-route://127.0.0.1:{port}\""));
        let routes = routes.collect::<Vec<_>>().join(", ");
        let name = quoted(&self.name);
        format!(
            "server_name: {name}\ncluster {{ name: {CLUSTER}, listen: \"127.0.0.1:{port}\", \
             advertise: \"{NOWHERE}\", no_advertise: true, routes: [ {routes} ] }}\n"
        )
    }
}

impl Ports {
    fn free() -> Result<Self, Problem> {
        Ok(Self { clients: port::free()?, monitor: port::free()?, routes: port::free()? })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // The guard's shell ends what does not go by itself.
        drop(self.kill());
    }
}

/// What came of starting a server.
enum Launch {
    Ready,
    /// It has ended instead; what it said meanwhile.
    Ended(String),
}

pub(super) fn installed() -> Result<Installation, Problem> {
    Installation::find().map_err(|reason| {
        Problem::new("cannot start NATS", reason, "run the tests that need it elsewhere")
    })
}

fn not_started(log: &str) -> Problem {
    Problem::new(
        "NATS ended instead of starting",
        end_of(log),
        "check the options of the server, and the data in its folder",
    )
}
