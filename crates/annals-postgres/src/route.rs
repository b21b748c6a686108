//! Ways to the servers that a target names.
//!
//! Each server is asked by itself, so that a mode of encryption that tries two things tries both
//! with one server before it goes to the next.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use annals_core::{Error, ErrorKind, Result};
use tokio::time::timeout;
use tokio_postgres::{
    Client, Config, Connection, Socket,
    config::{SslMode, TargetSessionAttrs},
    error::SqlState,
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    tls::{Mode, is_about_tls},
    unreached::Unreached,
    url::{Place, ReadFrom, Server, Target},
};

/// A connection as it is driven.
pub(crate) type Driven = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

type Opened = std::result::Result<(Client, Driven), Unreached>;

/// How long a server may take for a connection unless the URL says otherwise.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// After how long without a word the network is asked whether the server is there, how often it
/// is asked again, and how many times: together a minute.
const PROBE_AFTER: Duration = Duration::from_secs(30);
const PROBE_EVERY: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;
/// How long what was sent may stay without the network's word that it has arrived.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(30);

/// The ways to the servers, in the order in which they are tried.
#[derive(Clone)]
pub(crate) struct Routes {
    others: Vec<Route>,
    last: Route,
    /// Counts connections, where each is to begin with another server.
    turns: Option<Arc<AtomicUsize>>,
}

/// One server, and how it is spoken to.
#[derive(Clone)]
struct Route {
    config: Config,
    /// Another way, for when the first is not taken.
    otherwise: Option<Config>,
    /// How long both may take together.
    limit: Duration,
}

impl Routes {
    pub(crate) fn to(target: &Target) -> Result<Self> {
        let routes = target.servers.iter().map(|server| Route::new(target, server, target.session));
        Self::through(routes.collect(), None)
    }

    /// The ways to the replicas, which share the connections among them.
    pub(crate) fn to_replicas(target: &Target, read_from: &ReadFrom) -> Result<Self> {
        // One that was promoted can be read as well.
        let any = TargetSessionAttrs::Any;
        let routes = read_from.servers.iter().map(|server| Route::new(target, server, any));
        Self::through(routes.collect(), Some(Arc::default()))
    }

    fn through(mut routes: Vec<Route>, turns: Option<Arc<AtomicUsize>>) -> Result<Self> {
        let last = routes.pop();
        let last =
            last.ok_or_else(|| Error::new(ErrorKind::Internal, "the URL names no server"))?;
        Ok(Self { others: routes, last, turns })
    }

    /// A connection to the first server that takes it.
    pub(crate) async fn open(&self, tls: &MakeRustlsConnect) -> Opened {
        let turn = self.turns.as_ref().map_or(0, |turns| turns.fetch_add(1, Ordering::Relaxed));
        let mut routes: Vec<_> = self.others.iter().chain([&self.last]).collect();
        let count = routes.len();
        routes.rotate_left(turn % count);
        let last = routes.pop().unwrap_or(&self.last);
        for route in routes {
            match route.open(tls).await {
                Ok(opened) => return Ok(opened),
                Err(error) => tracing::debug!(%error, "a server of several did not take us"),
            }
        }
        last.open(tls).await
    }
}

impl Route {
    fn new(target: &Target, server: &Server, session: TargetSessionAttrs) -> Self {
        let with = |mode| {
            let mut config = config(target, server);
            config.ssl_mode(mode).target_session_attrs(session);
            config
        };
        let (first, otherwise) = match (&server.place, target.tls.mode) {
            // Nobody can listen between two processes of one machine; servers do not encrypt there.
            (Place::Folder(_), _) | (_, Mode::Disable) => (SslMode::Disable, None),
            (_, Mode::Allow) => (SslMode::Disable, Some(SslMode::Require)),
            (_, Mode::Prefer) => (SslMode::Prefer, Some(SslMode::Disable)),
            (_, Mode::Require | Mode::VerifyCa | Mode::VerifyFull) => (SslMode::Require, None),
        };
        let limit = target.connect_timeout.unwrap_or(CONNECT_MAX);
        Self { config: with(first), otherwise: otherwise.map(with), limit }
    }

    /// A server may take a connection and then be silent, so that no step of its own ends.
    async fn open(&self, tls: &MakeRustlsConnect) -> Opened {
        match timeout(self.limit, self.negotiate(tls)).await {
            Ok(negotiated) => Ok(negotiated?),
            Err(_) => Err(Unreached::Silent(self.limit)),
        }
    }

    async fn negotiate(
        &self,
        tls: &MakeRustlsConnect,
    ) -> std::result::Result<(Client, Driven), tokio_postgres::Error> {
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
        .keepalives(true)
        .keepalives_idle(PROBE_AFTER)
        .keepalives_interval(PROBE_EVERY)
        .keepalives_retries(PROBES)
        .tcp_user_timeout(UNCONFIRMED_MAX)
        .port(server.port)
        .user(&target.user)
        .dbname(&target.database)
        .application_name(&target.application_name);
    config
}
