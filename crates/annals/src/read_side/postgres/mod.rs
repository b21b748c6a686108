//! Read models in PostgreSQL, beside the events or in a database of their own.
//!
//! Each version has tables of its own, behind views of the plain names that are replaced in one
//! transaction. What is known of the models is in tables of the store's schema, made by its
//! migrations, so that whoever may not change the schema finds everything there.
//!
//! A statement that fails ends its transaction. The runner applies what came before the failing
//! event anew, so nothing is paid for savepoints as long as nothing fails.

mod checkpoints;
mod documents;
mod failure;
mod letters;
mod models;
mod tx;
mod views;

pub use tx::PostgresTx;

use std::{any::Any, fmt};

use annals_core::Result;
use annals_postgres::{Access, Options, Postgres, Transaction};

use super::{ReadStore, Trouble};
use crate::BoxError;

/// The tables of read models in a PostgreSQL database. Clones share it.
///
/// They are in the schema of a store of events: that of the application, so that events and tables
/// are in one place, or another one. Other programs may read them at any time.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use annals::{PostgresTables, postgres::{Options, Postgres}};
///
/// # futures_lite::future::block_on(async {
/// let store = Postgres::open("postgres://app@localhost/shop", Options::default()).await?;
/// let tables = PostgresTables::of(&store);
/// // With a projection: .projection(Balances, &tables, Run::background())
/// let app = annals::Annals::builder().build(Arc::new(store))?;
///
/// let mut look = tables.read().await?;
/// let row = look.query_opt("SELECT cents FROM balances WHERE account = $1", &[&"ann"]).await?;
/// let cents: Option<i64> = row.map(|row| row.get("cents"));
/// # drop((app, cents));
/// # Ok::<(), annals::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct PostgresTables(Postgres);

impl PostgresTables {
    /// Tables beside the events of a store, in its schema and over its pool of connections.
    #[must_use]
    pub fn of(store: &Postgres) -> Self {
        Self(store.clone())
    }

    /// Tables in another database or schema than the events; a projection on them runs in the
    /// background.
    ///
    /// What it opens is a whole store of events, which stays empty, and makes one where there is
    /// none. That is because what a read model needs is a part of one: the tables of models,
    /// checkpoints and dead letters are made by the store's migrations, so that `annals migrate`
    /// prepares the schema and can tell whether it is up to date, and the row that names the store
    /// is what leases and checkpoints go by. It costs some empty tables, and two connections beside
    /// the pool.
    ///
    /// # Errors
    /// Those of [`Postgres::open`].
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        Ok(Self(Postgres::open(url, options).await?))
    }

    /// A look at the tables, in which the plain names are those of the live models. Each query sees
    /// what was committed before it. It cannot write, and keeps a connection of the pool until it
    /// is dropped.
    ///
    /// # Errors
    /// `Closed`, and `Unavailable` when the database cannot be reached.
    pub async fn read(&self) -> Result<PostgresTx> {
        Ok(PostgresTx::new(self.0.begin(Access::Read).await?))
    }
}

impl ReadStore for PostgresTables {
    type Tx = PostgresTx;

    async fn begin(&self) -> Result<PostgresTx> {
        Ok(PostgresTx::new(self.0.begin(Access::Write).await?))
    }

    async fn look(&self) -> Result<PostgresTx> {
        self.read().await
    }

    fn id(&self) -> &str {
        self.0.store_id()
    }

    const JOINS_APPENDS: bool = true;

    fn join(&self, transaction: &mut (dyn Any + Send)) -> Option<PostgresTx> {
        let transaction = transaction.downcast_mut::<Transaction>()?;
        let is_ours = transaction.store_id() == self.0.store_id();
        transaction.share().filter(|_| is_ours).map(PostgresTx::new)
    }

    fn trouble(error: &BoxError) -> Option<Trouble> {
        failure::trouble(error)
    }
}

impl fmt::Debug for PostgresTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTables").field("schema", &self.0.schema()).finish_non_exhaustive()
    }
}
