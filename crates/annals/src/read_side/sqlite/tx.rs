//! A transaction on SQLite.
//!
//! It owns its connection and begins and ends by hand, because the connection goes back to others
//! and the transaction has to be able to change threads.

use std::{any::Any, fmt, ops::Deref, sync::Arc};

use annals_core::{Error, ErrorKind, Position, Result};
use rusqlite::{Connection, Params, Row};

use super::{
    checkpoints,
    connections::{Access, Database},
    documents,
    failure::failed,
    letters, models, views,
};
use crate::{
    BoxError,
    read_side::{
        Advance, Checkpoint, DeadLetter, DocumentTx, Model, ModelInfo, NewDeadLetter, ReadTx,
        read_store::to_stored, refusal,
    },
};

/// A transaction on SQLite, in which a projection writes. Leave beginning and ending it to the
/// runner.
pub struct SqliteTx {
    lent: Lent,
    model: Option<Model>,
    /// What a view has in memory until the end.
    gathered: Option<Box<dyn Any + Send>>,
}

impl SqliteTx {
    pub(super) fn begin(
        home: Arc<Database>,
        connection: Connection,
        access: Access,
    ) -> Result<Self> {
        let lent = Lent { connection: Some(connection), home, access };
        let sql = match access {
            Access::Write => "BEGIN IMMEDIATE",
            Access::Read => "BEGIN",
        };
        let tx = Self { lent, model: None, gathered: None };
        tx.run("beginning a transaction", |connection| connection.execute_batch(sql))?;
        Ok(tx)
    }

    /// The name under which this version keeps a table.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        self.model.as_ref().map_or_else(|| name.to_owned(), |model| model.table(name))
    }

    /// Executes one statement, prepared once, and gives how many rows it changed.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize, BoxError> {
        Ok(self.connection().prepare_cached(sql)?.execute(params)?)
    }

    /// Gives the first row of a query, prepared once; `None` when there is none.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, BoxError> {
        use rusqlite::OptionalExtension;
        Ok(self.connection().prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    /// The connection, for everything else that SQLite can do.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.lent
    }

    fn run<T>(
        &self,
        what: &str,
        sql: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        sql(self.connection()).map_err(|error| failed(what, error))
    }
}

impl ReadTx for SqliteTx {
    fn use_model(&mut self, model: &Model) {
        self.model = Some(model.clone());
    }

    async fn commit(self) -> Result<()> {
        if !self.is_open() {
            return Err(Error::new(
                ErrorKind::Application,
                "the transaction is over before its end: a handler ended it, or SQLite did on an \
                 error that the handler passed over; leave COMMIT and ROLLBACK to the runner, and \
                 pass errors on",
            ));
        }
        self.run("committing", |connection| connection.execute_batch("COMMIT"))
    }

    async fn rollback(self) -> Result<()> {
        if self.is_open() {
            self.run("rolling back", |connection| connection.execute_batch("ROLLBACK"))?;
        }
        Ok(())
    }

    fn is_open(&self) -> bool {
        !self.connection().is_autocommit()
    }

    async fn models(&mut self, projection: &str) -> Result<Vec<ModelInfo>> {
        self.run("reading models", |connection| models::list(connection, projection))
    }

    async fn add_model(&mut self, info: &ModelInfo) -> Result<()> {
        self.run("adding a model", |connection| models::add(connection, info))
    }

    async fn remove_model(&mut self, info: &ModelInfo) -> Result<()> {
        self.run("removing a model", |connection| models::remove(connection, info))
    }

    async fn set_built(&mut self, model: &Model) -> Result<()> {
        self.run("marking a model", |connection| models::set_built(connection, model))
    }

    async fn set_live(&mut self, info: &ModelInfo) -> Result<()> {
        views::set_live(self.connection(), info)
    }

    async fn missing_tables(&mut self, info: &ModelInfo) -> Result<Vec<String>> {
        self.run("looking for tables", |connection| models::missing_tables(connection, info))
    }

    async fn checkpoints(&mut self, model: &Model) -> Result<Vec<Checkpoint>> {
        self.run("reading checkpoints", |connection| checkpoints::list(connection, model))
    }

    async fn claim(&mut self, model: &Model, fence: u64) -> Result<()> {
        let claim = |connection: &_| checkpoints::claim(connection, model, fence);
        match self.run("claiming a model", claim)? {
            Some(highest) => Err(refusal::of_claim(model, fence, highest)),
            None => Ok(()),
        }
    }

    async fn advance(&mut self, model: &Model, step: &Advance) -> Result<()> {
        let advance = |connection: &_| checkpoints::advance(connection, model, step);
        if self.run("moving a checkpoint", advance)? {
            return Ok(());
        }
        Err(checkpoints::refusal(self.connection(), model, step))
    }

    async fn set_paused(
        &mut self,
        model: &Model,
        partition: u32,
        reason: Option<&str>,
    ) -> Result<()> {
        self.run("noting a pause", |connection| {
            checkpoints::set_paused(connection, model, partition, reason)
        })
    }

    async fn letters(&mut self, model: &Model, key: Option<&str>) -> Result<Vec<DeadLetter>> {
        self.run("reading dead letters", |connection| letters::list(connection, model, key))
    }

    async fn has_letter(&mut self, model: &Model, key: Option<&str>) -> Result<bool> {
        self.run("looking for dead letters", |connection| letters::has(connection, model, key))
    }

    async fn add_letter(&mut self, model: &Model, letter: &NewDeadLetter) -> Result<()> {
        self.run("adding a dead letter", |connection| letters::add(connection, model, letter))
    }

    async fn remove_letter(&mut self, model: &Model, id: u64) -> Result<bool> {
        self.run("removing a dead letter", |connection| letters::remove(connection, model, id))
    }
}

impl DocumentTx for SqliteTx {
    async fn create_documents(&mut self, view: &str) -> Result<(), BoxError> {
        Ok(documents::create(self.connection(), &self.table(view))?)
    }

    async fn document(&mut self, view: &str, key: &str) -> Result<Option<String>, BoxError> {
        Ok(documents::get(self.connection(), &self.table(view), key)?)
    }

    async fn put_document(
        &mut self,
        view: &str,
        key: &str,
        document: &str,
        position: Position,
    ) -> Result<(), BoxError> {
        let (table, position) = (self.table(view), to_stored(position));
        Ok(documents::put(self.connection(), &table, key, document, position)?)
    }

    async fn delete_document(&mut self, view: &str, key: &str) -> Result<(), BoxError> {
        Ok(documents::delete(self.connection(), &self.table(view), key)?)
    }

    async fn documents(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, String)>, BoxError> {
        Ok(documents::list(self.connection(), &self.table(view), after, limit)?)
    }

    async fn document_keys(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, BoxError> {
        Ok(documents::keys(self.connection(), &self.table(view), after, limit)?)
    }

    async fn count_documents(&mut self, view: &str) -> Result<u64, BoxError> {
        Ok(documents::count(self.connection(), &self.table(view))?)
    }

    fn take_gathered<T: Default + Send + 'static>(&mut self) -> Box<T> {
        let gathered = self.gathered.take().and_then(|any| any.downcast().ok());
        gathered.unwrap_or_default()
    }

    fn keep_gathered<T: Send + 'static>(&mut self, gathered: Box<T>) {
        self.gathered = Some(gathered);
    }
}

impl fmt::Debug for SqliteTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTx").field("model", &self.model).finish_non_exhaustive()
    }
}

/// A connection that goes home when it is dropped, without a transaction.
struct Lent {
    /// There until it is dropped.
    connection: Option<Connection>,
    home: Arc<Database>,
    access: Access,
}

impl Deref for Lent {
    type Target = Connection;

    #[expect(clippy::expect_used, reason = "only the destructor takes it out")]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a connection is lent until it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "SQLite did not roll back");
        }
        self.home.check_in(connection, self.access);
    }
}
