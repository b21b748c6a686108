//! Connections: how one is made, and those that are kept for one purpose.

use std::{fmt, ops::Deref, time::Duration};

use annals_core::{Error, ErrorKind, Result};
use deadpool_postgres::ClientWrapper;
use tokio::{
    task::JoinHandle,
    time::{Instant, interval_at},
};
use tokio_postgres::{Client, Config, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    failure::failed,
    route::{Driven, Routes},
    sql,
};

/// The pause after the first failed attempt; it doubles up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Makes connections.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) routes: Routes,
    pub(crate) tls: MakeRustlsConnect,
    /// What every connection begins with.
    pub(crate) setup: String,
    /// The quoted name of the schema.
    pub(crate) schema: String,
    /// How long a lost connection is tried for anew.
    pub(crate) patience: Duration,
}

/// A connection on which appends are prepared.
pub(crate) struct Link {
    client: ClientWrapper,
    pub(crate) append: Statement,
    pub(crate) append_event: Statement,
}

impl Connector {
    /// A connection that has to be driven.
    pub(crate) async fn open(&self) -> Result<(Client, Driven), tokio_postgres::Error> {
        self.routes.open(&self.tls).await
    }

    /// A connection that is driven by a task.
    pub(crate) async fn connect(&self) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        let (client, connection) = self.open().await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
            }
        });
        client.batch_execute(&self.setup).await?;
        Ok((client, driver))
    }

    /// A connection for appends.
    pub(crate) async fn link(&self) -> Result<Link, tokio_postgres::Error> {
        let (client, driver) = self.connect().await?;
        let schema = &self.schema;
        let search_path = format!("SET search_path = {schema}, pg_catalog");
        client.batch_execute(&search_path).await?;
        let append = client.prepare(&sql::call(schema, "append", 42)).await?;
        let append_event = client.prepare(&sql::call(schema, "append_event", 19)).await?;
        Ok(Link { client: ClientWrapper::new(client, driver), append, append_event })
    }

    /// A connection for appends, tried for a while where trying can help.
    pub(crate) async fn link_patiently(&self) -> Result<Link> {
        let deadline = Instant::now() + self.patience;
        let mut pause = PAUSE_FIRST;
        loop {
            let error = match self.link().await {
                Ok(link) => return Ok(link),
                Err(error) => failed("connecting", error),
            };
            if error.kind() != ErrorKind::Unavailable || Instant::now() + pause > deadline {
                return Err(error);
            }
            interval_at(Instant::now() + pause, pause).tick().await;
            pause = std::cmp::min(pause * 2, PAUSE_MAX);
        }
    }
}

impl Deref for Link {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.client
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configurations hold the password.
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl deadpool_postgres::Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> std::pin::Pin<
        Box<
            dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>>
                + Send
                + '_,
        >,
    > {
        Box::pin(self.connect())
    }
}

/// What taking a connection from the pool met.
pub(crate) fn pool_failed(error: deadpool_postgres::PoolError, size: usize) -> Error {
    use deadpool_postgres::PoolError;
    match error {
        PoolError::Backend(error) => failed("connecting", error),
        PoolError::Timeout(_) => Error::new(
            ErrorKind::Unavailable,
            format!(
                "all {size} connections to PostgreSQL are in use; raise `pool_size`, or read less \
                 at once"
            ),
        ),
        other => {
            Error::new(ErrorKind::Unavailable, format!("no connection to PostgreSQL: {other}"))
        }
    }
}
