//! The server that `--at` names, for the commands that manage it.

use std::future::Future;

use annals::StoreUrl;
use annals_admin::{At, Refused, Server};
use tokio::runtime::{Builder, Runtime};

use crate::{
    exit::Exit,
    failure::{Failure, Result},
    session::Session,
};

/// A server, and the runtime that drives the connection to it while the command waits or prints.
#[derive(Debug)]
pub(crate) struct Managed {
    runtime: Runtime,
    server: Server,
    subject: Subject,
}

/// What is managed: it says what to look at when something is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Groups,
    Users,
}

impl Managed {
    /// The server of the session.
    ///
    /// # Errors
    /// Usage (exit 2) where `--at` names a store and no server.
    pub(crate) fn of(session: &Session, subject: Subject) -> Result<Self> {
        let what = || format!("the server `{}` cannot be used", session.url());
        let Some(at) = named(session.url()) else {
            let kept = match subject {
                Subject::Groups => "persistent subscriptions are kept by a server",
                Subject::Users => "users are managed by their server",
            };
            return Err(Failure::usage(
                format!("{kept}, and `{}` is a store", session.url()),
                "serve it with `annals serve`, and name the server: \
                 `--at annals://USER:PASSWORD@HOST:2113`, or `kurrentdb://` in its place",
            ));
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime =
            runtime.map_err(|error| Failure::new(Exit::Failure, what(), error, "try again"))?;
        let connected = runtime.block_on(Server::connect(at));
        let server = connected.map_err(|refused| failure(what(), refused, subject))?;
        Ok(Self { runtime, server, subject })
    }

    /// The server.
    pub(crate) const fn server(&self) -> &Server {
        &self.server
    }

    /// Waits for something that is asked of the server.
    pub(crate) fn wait<T, S: Into<String>>(
        &self,
        what: impl FnOnce() -> S,
        asked: impl Future<Output = annals_admin::Result<T>>,
    ) -> Result<T> {
        self.runtime.block_on(asked).map_err(|refused| self.failure(what(), refused))
    }

    /// Waits for something of which asking the server is a part.
    pub(crate) fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(work)
    }

    /// What a refusal is on the command line.
    pub(crate) fn failure(&self, what: impl Into<String>, refused: Refused) -> Failure {
        failure(what, refused, self.subject)
    }
}

/// The server that a URL names, if it is one.
pub(crate) fn named(url: &StoreUrl) -> Option<At<'_>> {
    match url {
        StoreUrl::Remote(target) => Some(At::Annals(target)),
        StoreUrl::KurrentDb(target) => Some(At::KurrentDb(target)),
        _ => None,
    }
}

fn failure(what: impl Into<String>, refused: Refused, subject: Subject) -> Failure {
    let look = match subject {
        Subject::Groups => "`annals subscription ls` lists the groups",
        Subject::Users => "`annals users ls` lists the users",
    };
    match refused {
        Refused::NotFound(why) => {
            Failure::new(Exit::NotFound, what, why, format!("check the name; {look}"))
        }
        Refused::Conflict(why) => Failure::new(Exit::Conflict, what, why, look),
        Refused::Failed(error) => Failure::store(what, &error),
    }
}
