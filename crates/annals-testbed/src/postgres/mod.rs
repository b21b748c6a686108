//! A private PostgreSQL: its own data folder, its own port of loopback, its own end.
//!
//! * The superuser is `annals`, everybody on this machine's loopback is trusted,
//!   and the first database is `postgres`.
//! * The server ends with the value that stands for it, and with the process
//!   that started it, however that ends.
//! * Killing and pausing reach the server's every process; they need `/proc`, so
//!   they work on Linux.

mod cluster;
mod installation;
mod options;

use std::env;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::Problem;
use crate::guard::{Guard, Watched};
use crate::output::{end_of, output_of};
use crate::port;
use crate::process::{Process, Signal, send};
use crate::wait::{wait_for, wait_for_answer};
use cluster::Cluster;
pub use installation::{Installation, PROGRAMS_FOLDER};
pub use options::{Durability, Options};

/// The superuser of every server made here.
const USER: &str = "annals";

/// The environment variable that [`shared_url`] reads.
pub const SHARED: &str = "ANNALS_TEST_POSTGRES";

/// How many ports are tried when others take them first.
const STARTS_MAX: usize = 10;

/// How long an orderly stop may take.
const STOP: Duration = Duration::from_secs(60);

/// How long a server may take to drop everything before it is killed.
const DROP: Duration = Duration::from_secs(10);

/// The URL of a PostgreSQL in which tests may make schemas of their own, from the environment
/// variable `ANNALS_TEST_POSTGRES`, for example `postgres://annals@127.0.0.1:15432/postgres`.
///
/// `cargo xtask test` starts such a server for the whole run and sets the variable. Tests that
/// share it must not touch what others made, nor the server itself; those that kill or pause a
/// server start one of their own.
#[must_use]
pub fn shared_url() -> Option<String> {
    env::var(SHARED).ok().filter(|url| !url.is_empty())
}

/// A PostgreSQL server of this process; ends when it is dropped.
#[derive(Debug)]
pub struct Postgres {
    /// Nothing while the server is killed. Before the folders, so that it is dropped first.
    guard: Option<Guard>,
    port: u16,
    cluster: Cluster,
}

impl Postgres {
    /// Makes a data folder, starts a server on it and waits until it answers; a second or two.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or it refuses what the options ask for; the problem has the
    /// end of what it said.
    pub fn start(options: Options) -> Result<Self, Problem> {
        let cluster = Cluster::new(installed()?, options)?;
        Self::start_anywhere(cluster)
    }

    /// Copies this server into a streaming replica that can be read, and starts it.
    ///
    /// It has the settings of this server and its durability, and follows it until one of them ends.
    ///
    /// # Errors
    /// This server does not answer or allows no replication, or the copy does not start.
    pub fn standby(&self) -> Result<Self, Problem> {
        Self::start_anywhere(self.cluster.copy(self.port)?)
    }

    /// The URL of the first database: `postgres://annals@127.0.0.1:PORT/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a database, which may not be there yet.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// The port of 127.0.0.1; stays the same when the server starts again.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the first of the server's processes; none while it is killed.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.guard.as_ref().map(Guard::server)
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.cluster.data()
    }

    /// Everything the server said since it was made.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.cluster.log()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Runs SQL in the first database with the program `psql`, as one transaction; a row a line,
    /// columns divided by `|`.
    ///
    /// # Errors
    /// The server does not answer within 10 s or refuses a statement; the problem has its words.
    pub fn psql(&self, sql: &str) -> Result<String, Problem> {
        let mut command = self.cluster.command("psql");
        command.args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", &self.url(), "-c", sql]);
        output_of(command.env("PGCONNECT_TIMEOUT", "10"))
    }

    /// Ends the server in order: sessions are cut off, everything is written down.
    ///
    /// # Errors
    /// It has not ended after 60 s; it is killed then.
    pub fn stop(mut self) -> Result<(), Problem> {
        self.resume()?;
        let Some(guard) = &mut self.guard else {
            return Ok(());
        };
        guard.tell(Signal::Interrupt)?;
        guard.wait(STOP)?;
        self.guard = None;
        Ok(())
    }

    /// Kills every process of the server at once, and waits until all are gone.
    ///
    /// # Errors
    /// Processes cannot be listed or signalled; without `/proc`, always.
    pub fn kill(&mut self) -> Result<(), Problem> {
        if let Some(mut guard) = self.guard.take() {
            // Put back until it is certain that the server is gone.
            let killed = kill_all(&mut guard);
            self.guard = killed.is_err().then_some(guard);
            killed?;
        }
        Ok(())
    }

    /// Starts a killed server on the same data folder and port, and waits until it has recovered.
    ///
    /// # Errors
    /// It is still running, or it does not start; the problem has the end of its log.
    pub fn start_again(&mut self) -> Result<(), Problem> {
        if self.guard.is_some() {
            return Err(Problem::new(
                "cannot start the server again",
                "it is still running",
                "kill it first",
            ));
        }
        self.cluster.forget_the_dead(self.port)?;
        match launch(&self.cluster, self.port)? {
            Launch::Ready(guard) => self.guard = Some(guard),
            Launch::Ended(log) => return Err(not_started(&log)),
        }
        Ok(())
    }

    /// Stops every process of the server where it is; connections stay open and nothing answers.
    ///
    /// # Errors
    /// Processes cannot be listed or signalled; without `/proc`, always.
    pub fn pause(&mut self) -> Result<(), Problem> {
        let Some(first) = self.first_process() else {
            return Ok(());
        };
        // Stopped first, it starts no others meanwhile.
        first.freeze()?;
        first.descendants()?.iter().try_for_each(Process::freeze)
    }

    /// Lets a paused server go on.
    ///
    /// # Errors
    /// As for [`Postgres::pause`].
    pub fn resume(&mut self) -> Result<(), Problem> {
        let Some(first) = self.first_process() else {
            return Ok(());
        };
        send(Signal::Continue, &first.descendants()?)?;
        send(Signal::Continue, &[first])
    }

    fn first_process(&self) -> Option<Process> {
        Process::find(self.pid()?)
    }

    /// Starts on the first port that nobody else takes.
    fn start_anywhere(cluster: Cluster) -> Result<Self, Problem> {
        let mut last = String::new();
        for _ in 0..STARTS_MAX {
            let port = port::free()?;
            match launch(&cluster, port)? {
                Launch::Ready(guard) => return Ok(Self { guard: Some(guard), port, cluster }),
                Launch::Ended(log) if log.contains("Address already in use") => last = log,
                Launch::Ended(log) => return Err(not_started(&log)),
            }
        }
        Err(not_started(&last))
    }
}

impl Drop for Postgres {
    /// Ends the server at once, without waiting for its sessions or its disk.
    fn drop(&mut self) {
        let resumed = self.resume();
        let Some(guard) = &mut self.guard else {
            return;
        };
        let quit = guard.tell(Signal::Quit).and_then(|()| guard.wait(DROP));
        let ended = quit.or_else(|_| kill_all(guard));
        // Nobody takes an error from here, and the guard tries once more.
        for problem in [resumed.err(), ended.err()].into_iter().flatten() {
            eprintln!("while dropping a PostgreSQL: {problem}");
        }
    }
}

/// What came of starting a server.
enum Launch {
    /// It accepts connections.
    Ready(Guard),
    /// It has ended instead; what it said meanwhile.
    Ended(String),
}

fn launch(cluster: &Cluster, port: u16) -> Result<Launch, Problem> {
    let said_before = fs::metadata(cluster.log()).map_or(0, |log| log.len());
    let watched = Watched {
        account: cluster.account(),
        folder: cluster.folder(),
        log: cluster.log(),
        last: Signal::Quit,
    };
    let mut guard = Guard::start(&watched, &cluster.server(port))?;
    let is_ready = wait_for_answer("the server accepts connections", || match guard.ended() {
        Ok(None) => cluster.is_ready(guard.server()).then_some(Ok(true)),
        Ok(Some(_)) => Some(Ok(false)),
        Err(problem) => Some(Err(problem)),
    })??;
    if is_ready {
        return Ok(Launch::Ready(guard));
    }
    let log = fs::read(cluster.log()).unwrap_or_default();
    let new = log.get(usize::try_from(said_before).unwrap_or_default()..).unwrap_or_default();
    Ok(Launch::Ended(String::from_utf8_lossy(new).into_owned()))
}

fn kill_all(guard: &mut Guard) -> Result<(), Problem> {
    if let Some(first) = Process::find(guard.server()) {
        // Stopped first, it starts no others meanwhile, and restarts none.
        first.freeze()?;
        let mut all = first.descendants()?;
        all.push(first);
        send(Signal::Kill, &all)?;
        wait_for("every process of the server is gone", STOP, || {
            all.iter().all(Process::is_gone).then_some(())
        })?;
    }
    guard.wait(STOP)
}

fn installed() -> Result<Installation, Problem> {
    Installation::find().map_err(|reason| {
        Problem::new("cannot start PostgreSQL", reason, "run the tests that need it elsewhere")
    })
}

fn not_started(log: &str) -> Problem {
    Problem::new(
        "PostgreSQL ended instead of starting",
        end_of(log),
        "check the options of the server",
    )
}
