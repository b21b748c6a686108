//! The step "services": what the tests need beside Rust, for the time of one run.
//!
//! One PostgreSQL serves the whole run, because starting one takes longer than
//! most tests; a test that kills its server starts its own.
//! It ends with this process, however that ends.
//! Of NATS only the program is provided: a server starts in a moment, so every
//! test has its own, and so has the step that runs tests once more on one.
//! What cannot be had is a skipped step, or a failed one if `ANNALS_REQUIRE`
//! names it.

mod clients;
mod install;
mod nats;
mod pip;

use std::path::PathBuf;
use std::process::Command;

use annals_testbed::is_required;
use annals_testbed::nats::{self as nats_server, Nats, PROGRAM};
use annals_testbed::postgres::{Durability, Installation, Options, Postgres, SHARED, shared_url};

use crate::problem::Problem;
use crate::run::{Need, Run};

/// Each test program takes some connections for each of its threads.
const CONNECTIONS_MAX: &str = "300";

/// The services of a run; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Services {
    postgres: Option<Shared>,
    /// The folder with the clients' packages.
    clients: Option<PathBuf>,
    /// The program of NATS's server.
    nats: Option<PathBuf>,
}

/// A PostgreSQL that all tests share.
#[derive(Debug)]
enum Shared {
    /// Somebody else's: the environment named it before.
    Given(String),
    Own(Postgres),
}

impl Services {
    /// Starts what is there, or is there after an installation.
    pub(crate) fn start(run: &mut Run) -> Self {
        let need = |service| if is_required(service) { Need::Required } else { Need::Wanted };
        let postgres =
            run.prepare("services", "PostgreSQL for the tests", need("postgres"), postgres);
        let clients = run.prepare("clients", "Python clients", need("clients"), clients::packages);
        let nats = run.prepare("nats", "NATS's server", need("nats"), nats::program);
        Self { postgres, clients, nats }
    }

    /// The URL of the PostgreSQL that tests share.
    pub(crate) fn postgres(&self) -> Option<String> {
        self.postgres.as_ref().map(|shared| match shared {
            Shared::Given(url) => url.clone(),
            Shared::Own(server) => server.url(),
        })
    }

    /// A new server of NATS, if there is its program; it ends when it is dropped.
    pub(crate) fn nats(&self) -> Option<Result<Nats, Problem>> {
        let installation = nats_server::Installation::at(self.nats.as_ref()?);
        let not_usable = |reason| Problem::new("NATS cannot be started", reason, "look at it");
        Some(installation.map_err(not_usable).and_then(|installation| {
            let started = Nats::start_of(&installation, &nats_server::Options::default());
            started.map_err(|problem| Problem::new(problem.what(), problem.why(), problem.hint()))
        }))
    }

    /// Tells a command where the services are.
    pub(crate) fn tell(&self, mut command: Command) -> Command {
        if let Some(url) = self.postgres() {
            command.env(SHARED, url);
        }
        if let Some(folder) = &self.clients {
            command.env(clients::PACKAGES, folder);
        }
        if let Some(program) = &self.nats {
            command.env(PROGRAM, program);
        }
        command
    }
}

/// The folder with the packages of outside clients, fetched where they are missing; their
/// programs are in its `bin`.
pub(crate) fn client_packages() -> Result<PathBuf, Problem> {
    clients::packages()
}

/// The program of NATS's server, fetched where it is missing.
pub(crate) fn nats_program() -> Result<PathBuf, Problem> {
    nats::program()
}

fn postgres() -> Result<Shared, Problem> {
    if let Some(url) = shared_url() {
        println!("{SHARED} names one already");
        return Ok(Shared::Given(url));
    }
    if let Err(reason) = Installation::find() {
        println!("{reason}");
        install::postgres()?;
    }
    let server = Postgres::start(Options {
        durability: Durability::Fast,
        settings: vec![("max_connections".to_owned(), CONNECTIONS_MAX.to_owned())],
        ..Options::default()
    });
    let server =
        server.map_err(|problem| Problem::new(problem.what(), problem.why(), problem.hint()))?;
    println!("{SHARED}={}", server.url());
    Ok(Shared::Own(server))
}

/// The program of NATS's server, fetched where it is missing, and the variable that names it.
pub(crate) fn nats_server() -> Result<(&'static str, PathBuf), Problem> {
    Ok((PROGRAM, nats::program()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_learns_where_the_services_are() {
        let url = "postgres://annals@127.0.0.1:1/postgres";
        let services = Services {
            postgres: Some(Shared::Given(url.to_owned())),
            clients: Some(PathBuf::from("packages")),
            nats: Some(PathBuf::from("nats")),
        };
        let command = services.tell(Command::new("true"));
        let told: Vec<_> = command.get_envs().collect();
        assert!(told.contains(&(SHARED.as_ref(), Some(url.as_ref()))));
        assert!(told.contains(&(clients::PACKAGES.as_ref(), Some("packages".as_ref()))));
        assert!(told.contains(&(PROGRAM.as_ref(), Some("nats".as_ref()))));
    }

    #[test]
    fn without_services_a_command_stays_as_it_is() {
        let nothing = Services { postgres: None, clients: None, nats: None };
        let command = nothing.tell(Command::new("true"));
        assert_eq!(command.get_envs().count(), 0);
    }
}
