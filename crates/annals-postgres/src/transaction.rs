//! A transaction that owns its connection, so that it can be kept and moved between threads.
//!
//! It ends in order or not at all: when it is dropped it is rolled back before the connection goes
//! to anybody else, and it never counts as committed when PostgreSQL has given it up.

use std::{fmt, sync::Arc};

use annals_core::Result;
use tokio::runtime::Handle;
use tokio_postgres::{Client, Row, types::ToSql};

use crate::{failure::failed, link::Link, pool::Object, session::Session, shared::Shared};

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It may write.
    Write,
    /// It cannot write.
    Read,
}

/// A transaction that is under way. Each statement sees what others committed before it. Dropping
/// it rolls back.
pub struct Transaction {
    lent: Lent,
    access: Access,
    schema: Arc<str>,
    store_id: Arc<str>,
    runtime: Handle,
    /// A statement failed, so that PostgreSQL takes no others.
    is_failed: bool,
    savepoints: u32,
}

/// Where the connection comes from.
enum Lent {
    /// From the pool, to which it goes back.
    Pool(Box<Object>),
    /// From the committer of appends, who also ends the transaction.
    Append(Arc<Link>),
    /// It is over.
    Nothing,
}

/// What a statement is given.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Commits what is under way. PostgreSQL answers a COMMIT of a failed transaction, and one of
/// none, without an error; a savepoint it refuses in both.
pub(crate) const COMMIT: &str = "SAVEPOINT annals_end; COMMIT";

/// Begins a transaction in which names are those of the schema.
///
/// Also those that only read see what is newest: what a view is made of never comes from the
/// snapshot of a transaction, so a transaction as of one moment could see the tables of a new
/// version as they were before it had caught up.
pub(crate) fn begin_sql(schema: &str, access: Access) -> String {
    let mode = match access {
        Access::Write => "READ WRITE",
        Access::Read => "READ ONLY",
    };
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED {mode}; SET LOCAL search_path TO {schema}, public"
    )
}

impl Transaction {
    pub(crate) async fn begin(shared: &Shared, access: Access) -> Result<Self> {
        let object = shared.reader().await?;
        let begun = Self::new(shared, Lent::Pool(Box::new(object)), access);
        begun.start().await?;
        Ok(begun)
    }

    /// The transaction of an append, which has begun.
    pub(crate) fn of_append(shared: &Shared, link: &Arc<Link>) -> Self {
        Self::new(shared, Lent::Append(Arc::clone(link)), Access::Write)
    }

    fn new(shared: &Shared, lent: Lent, access: Access) -> Self {
        Self {
            lent,
            access,
            schema: shared.sql.schema.as_str().into(),
            store_id: shared.store_id().into(),
            runtime: shared.runtime.clone(),
            is_failed: false,
            savepoints: 0,
        }
    }

    async fn start(&self) -> Result<()> {
        let begun = self.session()?.batch_execute(&begin_sql(&self.schema, self.access)).await;
        begun.map_err(|error| failed("beginning a transaction", error))
    }

    /// The same transaction once more, for whoever needs to own one; only the original ends it.
    ///
    /// It is there for the transaction of an append alone.
    #[must_use]
    pub fn share(&self) -> Option<Self> {
        let Lent::Append(link) = &self.lent else { return None };
        Some(Self {
            lent: Lent::Append(Arc::clone(link)),
            access: self.access,
            schema: Arc::clone(&self.schema),
            store_id: Arc::clone(&self.store_id),
            runtime: self.runtime.clone(),
            is_failed: self.is_failed,
            savepoints: self.savepoints,
        })
    }

    /// The schema's name, quoted.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The store that the schema holds.
    #[must_use]
    pub fn store_id(&self) -> &str {
        &self.store_id
    }

    /// What the transaction is for.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.access
    }

    /// Whether PostgreSQL takes further statements, as far as that is known here.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.is_failed && !matches!(self.lent, Lent::Nothing)
    }

    /// The connection, for everything else that PostgreSQL can do. Leave `COMMIT` and `ROLLBACK`
    /// to whoever began the transaction. Its calls have no deadline but the server's, so a server
    /// that says nothing any more is waited for.
    ///
    /// # Errors
    /// `Closed` when the transaction is over.
    pub fn client(&self) -> Result<&Client> {
        Ok(self.session()?.client())
    }

    fn session(&self) -> Result<&Session> {
        match &self.lent {
            Lent::Pool(object) => Ok(object),
            Lent::Append(link) => Ok(link),
            Lent::Nothing => Err(crate::shared::over()),
        }
    }

    fn noted<T>(&mut self, result: Result<T, tokio_postgres::Error>) -> Result<T> {
        result.map_err(|error| {
            self.is_failed = true;
            failed("a statement", error)
        })
    }

    /// Executes one statement, prepared once on each connection, and gives how many rows it
    /// changed.
    ///
    /// # Errors
    /// Those of PostgreSQL, by the code `sqlstate`; the transaction is given up then.
    pub async fn execute(&mut self, sql: &str, params: Params<'_>) -> Result<u64> {
        let client = self.session()?;
        let done = match client.prepare_cached(sql).await {
            Ok(statement) => client.execute(&statement, params).await,
            Err(error) => Err(error),
        };
        self.noted(done)
    }

    /// The rows of a query, prepared once on each connection.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute).
    pub async fn query(&mut self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let client = self.session()?;
        let done = match client.prepare_cached(sql).await {
            Ok(statement) => client.query(&statement, params).await,
            Err(error) => Err(error),
        };
        self.noted(done)
    }

    /// The rows of a query whose columns may change from one time to the next, as those of a view
    /// that is replaced; prepared each time.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute).
    pub async fn query_anew(&mut self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let done = self.session()?.query(sql, params).await;
        self.noted(done)
    }

    /// Executes statements without parameters, one after another.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute).
    pub async fn batch(&mut self, sql: &str) -> Result<()> {
        let done = self.session()?.batch_execute(sql).await;
        self.noted(done)
    }

    /// Marks a place to go back to.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute).
    pub async fn savepoint(&mut self) -> Result<()> {
        self.savepoints += 1;
        self.batch(&format!("SAVEPOINT annals_{}", self.savepoints)).await
    }

    /// Undoes what was done since the last savepoint, also when a statement failed; the savepoint
    /// is gone.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute).
    pub async fn back_to_savepoint(&mut self) -> Result<()> {
        let name = format!("annals_{}", self.savepoints);
        self.savepoints = self.savepoints.saturating_sub(1);
        self.batch(&format!("ROLLBACK TO {name}; RELEASE {name}")).await?;
        self.is_failed = false;
        Ok(())
    }

    /// Keeps what was done since the last savepoint; the savepoint is gone.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute).
    pub async fn release_savepoint(&mut self) -> Result<()> {
        let name = format!("annals_{}", self.savepoints);
        self.savepoints = self.savepoints.saturating_sub(1);
        self.batch(&format!("RELEASE {name}")).await
    }

    /// Makes all of it durable, or nothing. That of an append is left to the append.
    ///
    /// # Errors
    /// Those of PostgreSQL; also when somebody ended the transaction, or passed over an error.
    pub async fn commit(mut self) -> Result<()> {
        if matches!(self.lent, Lent::Append(_)) {
            return Ok(());
        }
        let done = self.session()?.batch_execute(COMMIT).await;
        if done.is_ok() {
            self.lent = Lent::Nothing;
        }
        self.noted(done)
    }

    /// Undoes all of it. That of an append is left to the append.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn rollback(mut self) -> Result<()> {
        if matches!(self.lent, Lent::Append(_)) {
            return Ok(());
        }
        let done = self.session()?.batch_execute("ROLLBACK").await;
        if done.is_ok() {
            self.lent = Lent::Nothing;
        }
        self.noted(done)
    }

    /// Undoes all of it and begins again.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn restart(&mut self) -> Result<()> {
        let sql = format!("ROLLBACK; {}", begin_sql(&self.schema, self.access));
        self.batch(&sql).await?;
        (self.is_failed, self.savepoints) = (false, 0);
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Lent::Pool(object) = std::mem::replace(&mut self.lent, Lent::Nothing) else { return };
        self.runtime.spawn(async move {
            if object.batch_execute("ROLLBACK").await.is_err() {
                // Nobody else gets it.
                drop(Object::take(*object));
            }
        });
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("access", &self.access)
            .field("is_failed", &self.is_failed)
            .finish_non_exhaustive()
    }
}
