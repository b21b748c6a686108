//! Connections: how one is made.

use std::{fmt, sync::Arc, time::Duration};

use futures_lite::future;
use tokio_postgres::Client;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    route::{Driven, Routes},
    session::{Answers, Limit, Session},
    unreached::Unreached,
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
    /// How long answers may take.
    pub(crate) limit: Limit,
}

impl Connector {
    /// A connection that has to be driven.
    pub(crate) async fn open(&self) -> Result<(Client, Driven), Unreached> {
        self.routes.open(&self.tls).await
    }

    /// A connection that is driven by a task.
    pub(crate) async fn connect(&self) -> Result<Session, Unreached> {
        let driven = |connection: Driven| async {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
            }
        };
        self.driven_by(driven).await
    }

    /// A connection that a task drives in this way.
    pub(crate) async fn driven_by<D>(
        &self,
        drive: impl FnOnce(Driven) -> D,
    ) -> Result<Session, Unreached>
    where
        D: Future<Output = ()> + Send + 'static,
    {
        let (client, connection) = self.open().await?;
        let answers = Answers::new(self.limit);
        let due = Arc::clone(&answers);
        let driven = drive(connection);
        let driver = tokio::spawn(async move {
            // What is still asked ends with the connection.
            future::or(driven, due.overdue()).await;
        });
        let session = Session::new(client, driver, answers);
        session.batch_execute(&self.setup).await?;
        Ok(session)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configurations hold the password.
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}
