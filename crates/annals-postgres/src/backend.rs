//! The store as a [`Backend`].

use std::{fmt, sync::Arc};

use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Error, ErrorKind, Inline, Position, Read, RecordedEvent, Restore, Result, StateEntry,
    StateKey, StateKind, StatePut, StoreInfo, StoreWork, StreamInfo, StreamName, Subscribe,
};
use async_channel::Sender;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::{
    Migration, Options, Target,
    follow::Followed,
    open::{self, Threads},
    read::{cursor::Cursor, listing, stream as stream_page},
    shared::{Shared, closed},
    transaction::{Access, Transaction},
    write::{
        self,
        job::{Job, Receipt, Request},
    },
};

/// A store in a PostgreSQL database. Clones share it; it is closed with the last one.
#[derive(Clone)]
pub struct Postgres(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    queue: Sender<Box<Job>>,
    committer: Mutex<Option<JoinHandle<()>>>,
    /// Taken when they end.
    threads: Option<Threads>,
}

impl Postgres {
    /// Opens the store that a URL names, like [`Postgres::open_target`], with the environment of
    /// the process.
    ///
    /// # Errors
    /// Those of [`Postgres::open_target`], and `InvalidArgument` for a malformed URL.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        Self::open_target(&url.parse()?, options).await
    }

    /// Opens a store. What the URL says about an option stands above `options`, so that who runs a
    /// program can set what its author did not think of.
    ///
    /// # Errors
    /// `InvalidArgument` for options that make no sense, for a database that is not there, and for
    /// a schema without a store that is not to be made; `Unavailable` when the database cannot be
    /// reached or lacks migrations that are not to be applied; `Unauthenticated` when the server or
    /// we are not who the other expects; `PermissionDenied`; `Unsupported` for a schema of a newer
    /// program.
    pub async fn open_target(target: &Target, options: Options) -> Result<Self> {
        Ok(Self(Arc::new(open::open(target, options).await?)))
    }

    /// Applies the migrations that the schema lacks, whatever the options say about it, and gives
    /// them in order. Makes the schema where there is none.
    ///
    /// # Errors
    /// As for [`Postgres::open_target`]; nothing has changed then.
    pub async fn migrate(target: &Target, options: Options) -> Result<Vec<&'static Migration>> {
        open::migrate(target.clone(), options).await
    }

    /// The migrations that the schema lacks; nothing is changed.
    ///
    /// # Errors
    /// As for [`Postgres::open_target`].
    pub async fn pending(target: &Target, options: Options) -> Result<Vec<&'static Migration>> {
        open::pending(target.clone(), options).await
    }

    /// Begins a transaction on a connection of the pool, in which the names of the store's schema
    /// stand for themselves.
    ///
    /// # Errors
    /// `Closed`, `Unavailable` when no connection is free or the database cannot be reached.
    pub async fn begin(&self, access: Access) -> Result<Transaction> {
        let shared = Arc::clone(&self.0.shared);
        self.0.shared.here(async move { Transaction::begin(&shared, access).await }).await
    }

    /// The name of the schema that holds the tables, as PostgreSQL reads it: quoted.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.0.shared.sql.schema
    }

    /// What names this store and no other, also after a restart.
    #[must_use]
    pub fn store_id(&self) -> &str {
        self.0.shared.store_id()
    }

    async fn submit(&self, request: Request) -> Result<Receipt> {
        self.0.shared.check_open()?;
        let (job, answer) = Job::new(request);
        self.0.queue.send(job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

impl Inner {
    pub(crate) fn new(
        shared: Arc<Shared>,
        queue: Sender<Box<Job>>,
        committer: JoinHandle<()>,
        threads: Threads,
    ) -> Self {
        Self { shared, queue, committer: Mutex::new(Some(committer)), threads: Some(threads) }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.close();
        self.queue.close();
        if let Some(threads) = self.threads.take() {
            threads.end();
        }
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("schema", &self.0.shared.sql.schema)
            .finish_non_exhaustive()
    }
}

fn crossed() -> Error {
    Error::new(ErrorKind::Internal, "the committer answered another request")
}

impl Backend for Postgres {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            store_durable: true,
            append_multi_stream: true,
            append_conditions: true,
            store_exclusive: false,
            position_dense: true,
            store_restore: true,
            projection_inline: true,
        }
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            append.check()?;
            match self.submit(Request::Append(append)).await {
                Ok(Receipt::Appended(appended)) => Ok(appended),
                Ok(_) => Err(crossed()),
                Err(refused) => Err(self.0.shared.told_by(refused).await),
            }
        })
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        Box::pin(async move {
            match self.submit(Request::Delete(delete)).await? {
                Receipt::Deleted(deleted) => Ok(deleted),
                _ => Err(crossed()),
            }
        })
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        Cursor::begin(Arc::clone(&self.0), read)
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        annals_core::follow(Arc::new(Followed(Arc::clone(&self.0))), subscribe)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        self.0.shared.look(|shared| async move { listing::head(&shared).await })
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        let stream = stream.clone();
        self.0.shared.look(move |shared| {
            let stream = stream.clone();
            async move { stream_page::info(&shared, &stream).await }
        })
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        let inner = Arc::clone(&self.0);
        listing::paged(-1, move |after| {
            let category = category.clone();
            inner.shared.look(move |shared| {
                let category = category.clone();
                async move { listing::streams(&shared, category.as_ref(), after).await }
            })
        })
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        let key = key.clone();
        self.0.shared.look(move |shared| {
            let key = key.clone();
            async move { listing::state(&shared, &key).await }
        })
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            put.check()?;
            match self.submit(Request::Put(put)).await? {
                Receipt::Put { revision } => Ok(revision),
                _ => Err(crossed()),
            }
        })
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        let (inner, prefix) = (Arc::clone(&self.0), prefix.to_owned());
        listing::paged(None, move |after| {
            let prefix = prefix.clone();
            inner.shared.look(move |shared| {
                let (prefix, after) = (prefix.clone(), after.clone());
                async move { listing::states(&shared, kind, &prefix, after).await }
            })
        })
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        self.0.shared.look(|shared| async move { listing::info(&shared).await })
    }

    fn work(&self) -> Option<StoreWork> {
        Some(self.0.shared.work.now(self.0.queue.len()))
    }

    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        let shared = Arc::clone(&self.0.shared);
        self.0.shared.run(async move { write::restore::restore(&shared, restore).await })
    }

    /// What it is given is a [`Transaction`]; the store is named by [`Postgres::store_id`].
    fn install_inline(&self, inline: Arc<dyn Inline>) -> Result<()> {
        self.0.shared.check_open()?;
        inline.join(self.store_id())?;
        self.0.shared.inlines.write().push(inline);
        Ok(())
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.0.queue.close();
        let committer = self.0.committer.lock().take();
        Box::pin(async move {
            if let Some(committer) = committer {
                committer.await.map_err(|error| {
                    if error.is_cancelled() {
                        // The runtime it was on has ended.
                        return closed();
                    }
                    Error::new(ErrorKind::Internal, "the committer panicked").caused_by(error)
                })?;
            }
            self.0.shared.close();
            Ok(())
        })
    }
}
