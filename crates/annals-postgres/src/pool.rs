//! Connections that are lent: one is made when none is free, and one that was lost is replaced.

use std::time::Duration;

use annals_core::{Error, ErrorKind, Result};
use deadpool::{
    Runtime,
    managed::{self, Metrics, RecycleError, RecycleResult},
};

use crate::{connect::Connector, session::Session, unreached::Unreached};

/// Makes connections for a pool.
#[derive(Debug)]
pub(crate) struct Lender(Connector);

/// Connections that are lent.
pub(crate) type Pool = managed::Pool<Lender>;
/// One of them, which goes back when it is dropped.
pub(crate) type Object = managed::Object<Lender>;
/// What is done with a new one first.
pub(crate) type Hook = managed::Hook<Lender>;

impl managed::Manager for Lender {
    type Type = Session;
    type Error = Unreached;

    async fn create(&self) -> Result<Session, Unreached> {
        self.0.connect().await
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Unreached> {
        if session.client().is_closed() {
            return Err(RecycleError::message("the connection was lost"));
        }
        Ok(())
    }
}

/// A pool that waits so long for one to be free.
pub(crate) fn builder(
    connector: Connector,
    size: usize,
    timeout: Duration,
) -> managed::PoolBuilder<Lender> {
    Pool::builder(Lender(connector))
        .max_size(size)
        .wait_timeout(Some(timeout))
        .runtime(Runtime::Tokio1)
}

/// What making a pool met.
pub(crate) fn no_pool(error: managed::BuildError) -> Error {
    Error::invalid(format!("no pool of connections: {error}"))
}

/// What taking a connection from the pool met.
pub(crate) fn pool_failed(error: managed::PoolError<Unreached>, size: usize) -> Error {
    use managed::PoolError;
    match error {
        PoolError::Backend(error) => error.while_doing("connecting"),
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
