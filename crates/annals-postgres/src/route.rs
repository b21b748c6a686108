//! Ways to the servers that a target names.
//!
//! Each server is asked by itself, so that a mode of encryption that tries two things tries both
//! with one server before it goes to the next.

use annals_core::{Error, ErrorKind, Result};
use tokio_postgres::{
    Client, Config, Connection, Socket, config::SslMode, error::SqlState, tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    tls::{Mode, is_about_tls},
    url::{Place, Server, Target},
};

/// A connection as it is driven.
pub(crate) type Driven = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

type Opened = std::result::Result<(Client, Driven), tokio_postgres::Error>;

/// The ways to the servers, in the order in which they are tried.
#[derive(Clone)]
pub(crate) struct Routes {
    others: Vec<Route>,
    last: Route,
}

/// One server, and how it is spoken to.
#[derive(Clone)]
struct Route {
    config: Config,
    /// Another way, for when the first is not taken.
    otherwise: Option<Config>,
}

impl Routes {
    pub(crate) fn to(target: &Target) -> Result<Self> {
        let mut routes: Vec<_> =
            target.servers.iter().map(|server| Route::new(target, server)).collect();
        let last = routes.pop();
        let last =
            last.ok_or_else(|| Error::new(ErrorKind::Internal, "the URL names no server"))?;
        Ok(Self { others: routes, last })
    }

    /// A connection to the first server that takes it.
    pub(crate) async fn open(&self, tls: &MakeRustlsConnect) -> Opened {
        for route in &self.others {
            match route.open(tls).await {
                Ok(opened) => return Ok(opened),
                Err(error) => tracing::debug!(%error, "a server of several did not take us"),
            }
        }
        self.last.open(tls).await
    }
}

impl Route {
    fn new(target: &Target, server: &Server) -> Self {
        let with = |mode| {
            let mut config = config(target, server);
            config.ssl_mode(mode);
            config
        };
        let (first, otherwise) = match (&server.place, target.tls.mode) {
            // Nobody can listen between two processes of one machine; servers do not encrypt there.
            (Place::Folder(_), _) | (_, Mode::Disable) => (SslMode::Disable, None),
            (_, Mode::Allow) => (SslMode::Disable, Some(SslMode::Require)),
            (_, Mode::Prefer) => (SslMode::Prefer, Some(SslMode::Disable)),
            (_, Mode::Require | Mode::VerifyCa | Mode::VerifyFull) => (SslMode::Require, None),
        };
        Self { config: with(first), otherwise: otherwise.map(with) }
    }

    async fn open(&self, tls: &MakeRustlsConnect) -> Opened {
        let error = match self.config.connect(tls.clone()).await {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        match &self.otherwise {
            Some(otherwise) if is_about_way(&error) => otherwise.connect(tls.clone()).await,
            _ => Err(error),
        }
    }
}

/// Whether the server may take a connection with the other answer to encryption: its
/// `pg_hba.conf` can ask for either. A wrong password is wrong both ways.
fn is_about_way(error: &tokio_postgres::Error) -> bool {
    is_about_tls(error) || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

fn config(target: &Target, server: &Server) -> Config {
    let mut config = Config::new();
    match &server.place {
        Place::Name(name) => config.host(name),
        Place::Folder(folder) => config.host_path(folder),
    };
    if let Some(address) = server.address {
        config.hostaddr(address);
    }
    if let Some(password) = &server.password {
        config.password(password);
    }
    if let Some(options) = &target.options {
        config.options(options);
    }
    if let Some(timeout) = target.connect_timeout {
        config.connect_timeout(timeout);
    }
    config
        .port(server.port)
        .user(&target.user)
        .dbname(&target.database)
        .application_name(&target.application_name)
        .target_session_attrs(target.session);
    config
}
