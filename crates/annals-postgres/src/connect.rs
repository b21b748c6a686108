//! Connections: how one is made.

use std::{fmt, time::Duration};

use annals_core::{Error, ErrorKind};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    failure::failed,
    route::{Driven, Routes},
};

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
