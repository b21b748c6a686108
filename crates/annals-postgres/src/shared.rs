//! What all parts of an open store share.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use annals_core::{BoxFuture, Clock, Error, ErrorKind, Inline, Position, Result};
use event_listener::Event;
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle;

use crate::{
    blockers::{self, Blocker},
    calls::Calls,
    connect::Connector,
    pool::{Object, Pool, pool_failed},
    read::{listing, rows::RowBytes},
    replicas::Replicas,
    session::Session,
    sql::Sql,
    values::{Time, number, stored},
    work::Work,
};

/// What the name of the channel of a store begins with; its id follows.
pub(crate) const CHANNEL: &str = "annals_";

/// The parts of an open store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) runtime: Handle,
    pub(crate) connector: Connector,
    pub(crate) pool: Pool,
    pub(crate) replicas: Option<Replicas>,
    pub(crate) sql: Sql,
    /// Where commits are announced.
    pub(crate) channel: String,
    /// What is done in the transaction of every append.
    pub(crate) inlines: RwLock<Vec<Arc<dyn Inline>>>,
    /// The time, where it is not the database's own.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// The newest position known here, -1 for none.
    pub(crate) head: AtomicI64,
    /// Woken when the head moves and when the store closes.
    pub(crate) changed: Event,
    pub(crate) is_closed: AtomicBool,
    /// The size of what is read.
    pub(crate) row_bytes: RowBytes,
    /// What the committer counts.
    pub(crate) work: Work,
    /// What is being asked of the database.
    pub(crate) calls: Arc<Calls>,
    /// Who held the store up when that was looked at last.
    pub(crate) seen: Mutex<Vec<Blocker>>,
}

impl Shared {
    /// The time for the next call, `None` for the database's own.
    pub(crate) fn time(&self) -> Option<Time> {
        self.clock.as_ref().map(|clock| Time(clock.now()))
    }

    /// What names this store and no other.
    pub(crate) fn store_id(&self) -> &str {
        self.channel.trim_start_matches(CHANNEL)
    }

    /// Takes in that the store has come to a position.
    pub(crate) fn advance(&self, head: Position) {
        let head = stored(head.get());
        if self.head.fetch_max(head, Ordering::SeqCst) < head {
            self.changed.notify(usize::MAX);
        }
    }

    /// Asks for the head and takes it in.
    pub(crate) async fn ask(&self, session: &Session) -> Result<(), tokio_postgres::Error> {
        let row = session.query_one(&self.sql.head, &[]).await?;
        if let Some(head) = number(row.get(0)) {
            self.advance(Position::new(head));
        }
        Ok(())
    }

    /// The newest position known here.
    pub(crate) fn newest(&self) -> Option<Position> {
        number(self.head.load(Ordering::SeqCst)).map(Position::new)
    }

    /// A refused append. Whoever decides again must not do it on what a replica had before, so
    /// the position that the refusal was made on counts as known.
    pub(crate) async fn told_by(self: &Arc<Self>, refused: Error) -> Error {
        let is_conflict =
            [ErrorKind::WrongExpectedVersion, ErrorKind::ConditionFailed].contains(&refused.kind());
        if self.replicas.is_some() && is_conflict {
            let shared = Arc::clone(self);
            let head = self.here(async move { listing::head(&shared).await }).await;
            if let Err(error) = head {
                tracing::debug!(%error, "the head after a refused append is not known");
            }
        }
        refused
    }

    /// A connection to the primary for a short read.
    pub(crate) async fn reader(&self) -> Result<Object> {
        self.check_open()?;
        self.pool.get().await.map_err(|error| pool_failed(error, self.pool.status().max_size))
    }

    pub(crate) fn check_open(&self) -> Result<()> {
        if self.is_closed.load(Ordering::SeqCst) { Err(closed()) } else { Ok(()) }
    }

    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.changed.notify(usize::MAX);
    }

    /// One call, which is told of when it takes long, and whose error names who held it up.
    pub(crate) async fn attempt<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let call = self.calls.begin();
        let done = work.await;
        drop(call);
        match done {
            Err(error) => Err(blockers::explain(self, error).await),
            done => done,
        }
    }

    /// Work that goes on where it is awaited, on any executor. It changes threads only for the
    /// socket.
    pub(crate) fn here<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T>> {
        let runtime = self.runtime.clone();
        Box::pin(async move {
            let mut work = pin!(work);
            poll_fn(|context| {
                // Sockets and timers are those of our runtime.
                let _entered = runtime.enter();
                work.as_mut().poll(context)
            })
            .await
        })
    }

    /// Begins work beside the caller, where connections are driven; any executor may wait for it.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T>> {
        let task = self.runtime.spawn(work);
        Box::pin(async move {
            match task.await {
                Ok(done) => done,
                Err(error) if error.is_cancelled() => Err(closed()),
                Err(error) => {
                    Err(Error::new(ErrorKind::Internal, "a read panicked").caused_by(error))
                }
            }
        })
    }
}

pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the store is closed")
}

pub(crate) fn over() -> Error {
    Error::new(ErrorKind::Closed, "the transaction is over")
}

/// The row that every store has is gone.
pub(crate) fn no_store() -> Error {
    Error::new(ErrorKind::Corrupted, "the table `store` has lost its row; restore it from a backup")
}
