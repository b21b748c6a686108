//! A transaction on PostgreSQL, as a projection sees it.

use std::{any::Any, fmt};

use annals_core::{Error, Position, Result};
use annals_postgres::{
    Access, Transaction,
    tokio_postgres::{Client, Row, types::ToSql},
};

use super::{
    checkpoints::{self, Hold},
    documents, letters, models, views,
};
use crate::{
    BoxError,
    read_side::{
        Advance, Checkpoint, DeadLetter, DocumentTx, Model, ModelInfo, NewDeadLetter, ReadTx,
        read_store::to_stored,
    },
};

/// A transaction on PostgreSQL, in which a projection writes. Leave beginning and ending it to the
/// runner.
///
/// A statement that fails ends the transaction, as PostgreSQL has it: pass the error on. Where a
/// failure is to be passed over, put [`savepoint`](Self::savepoint) before the statement.
pub struct PostgresTx {
    tx: Transaction,
    model: Option<Model>,
    /// What a view has in memory until the end.
    gathered: Option<Box<dyn Any + Send>>,
}

impl PostgresTx {
    pub(super) const fn new(tx: Transaction) -> Self {
        Self { tx, model: None, gathered: None }
    }

    /// The name under which this version keeps a table, with the schema. Indexes need no names:
    /// `CREATE INDEX ON {table} (..)`.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        let name = self.model.as_ref().map_or_else(|| name.to_owned(), |model| model.table(name));
        format!("{}.\"{name}\"", self.tx.schema())
    }

    /// Executes one statement, prepared once on each connection, and gives how many rows it
    /// changed. Parameters are `$1`, `$2` and so on.
    ///
    /// # Errors
    /// Those of PostgreSQL, with its code as `sqlstate`.
    pub async fn execute(&mut self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        self.tx.execute(sql, params).await
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// Those of PostgreSQL, with its code as `sqlstate`.
    pub async fn query(&mut self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        match self.tx.access() {
            Access::Write => self.tx.query(sql, params).await,
            // Behind the plain names may be other columns from one version to the next.
            Access::Read => self.tx.query_anew(sql, params).await,
        }
    }

    /// The first row of a query; `None` when there is none.
    ///
    /// # Errors
    /// Those of PostgreSQL, with its code as `sqlstate`.
    pub async fn query_opt(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Executes statements without parameters, one after another.
    ///
    /// # Errors
    /// Those of PostgreSQL, with its code as `sqlstate`.
    pub async fn batch(&mut self, sql: &str) -> Result<()> {
        self.tx.batch(sql).await
    }

    /// Marks a place to go back to, for a statement that may fail.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn savepoint(&mut self) -> Result<()> {
        self.tx.savepoint().await
    }

    /// Undoes what was done since the last savepoint, and takes statements again.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn back_to_savepoint(&mut self) -> Result<()> {
        self.tx.back_to_savepoint().await
    }

    /// Keeps what was done since the last savepoint, and forgets the savepoint.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn release_savepoint(&mut self) -> Result<()> {
        self.tx.release_savepoint().await
    }

    /// The connection, for everything else that PostgreSQL can do.
    ///
    /// # Errors
    /// `Closed` when the transaction is over.
    pub fn client(&self) -> Result<&Client> {
        self.tx.client()
    }

    /// After a look that failed, others may be taken.
    async fn looked<T>(&mut self, result: Result<T>) -> Result<T, BoxError> {
        if result.is_err() && self.tx.access() == Access::Read {
            self.tx.restart().await?;
        }
        result.map_err(Error::into)
    }
}

impl ReadTx for PostgresTx {
    fn use_model(&mut self, model: &Model) {
        self.model = Some(model.clone());
    }

    async fn commit(self) -> Result<()> {
        self.tx.commit().await
    }

    async fn rollback(self) -> Result<()> {
        self.tx.rollback().await
    }

    fn is_open(&self) -> bool {
        self.tx.is_open()
    }

    async fn models(&mut self, projection: &str) -> Result<Vec<ModelInfo>> {
        models::list(&mut self.tx, projection).await
    }

    async fn add_model(&mut self, info: &ModelInfo) -> Result<()> {
        models::add(&mut self.tx, info).await
    }

    async fn remove_model(&mut self, info: &ModelInfo) -> Result<()> {
        models::remove(&mut self.tx, info).await
    }

    async fn set_built(&mut self, model: &Model) -> Result<()> {
        models::set_built(&mut self.tx, model).await
    }

    async fn set_live(&mut self, info: &ModelInfo) -> Result<()> {
        views::set_live(&mut self.tx, info).await
    }

    async fn missing_tables(&mut self, info: &ModelInfo) -> Result<Vec<String>> {
        models::missing_tables(&mut self.tx, info).await
    }

    async fn checkpoints(&mut self, model: &Model) -> Result<Vec<Checkpoint>> {
        let is_other = self.model.as_ref() != Some(model);
        let hold = match self.tx.access() {
            Access::Write if is_other => Hold::Still,
            _ => Hold::Free,
        };
        checkpoints::list(&mut self.tx, model, hold).await
    }

    async fn claim(&mut self, model: &Model, fence: u64) -> Result<()> {
        checkpoints::claim(&mut self.tx, model, fence).await
    }

    async fn advance(&mut self, model: &Model, step: &Advance) -> Result<()> {
        checkpoints::advance(&mut self.tx, model, step).await
    }

    async fn set_paused(
        &mut self,
        model: &Model,
        partition: u32,
        reason: Option<&str>,
    ) -> Result<()> {
        checkpoints::set_paused(&mut self.tx, model, partition, reason).await
    }

    async fn letters(&mut self, model: &Model, key: Option<&str>) -> Result<Vec<DeadLetter>> {
        letters::list(&mut self.tx, model, key).await
    }

    async fn has_letter(&mut self, model: &Model, key: Option<&str>) -> Result<bool> {
        letters::has(&mut self.tx, model, key).await
    }

    async fn add_letter(&mut self, model: &Model, letter: &NewDeadLetter) -> Result<()> {
        letters::add(&mut self.tx, model, letter).await
    }

    async fn remove_letter(&mut self, model: &Model, id: u64) -> Result<bool> {
        letters::remove(&mut self.tx, model, id).await
    }
}

impl DocumentTx for PostgresTx {
    async fn create_documents(&mut self, view: &str) -> Result<(), BoxError> {
        let table = self.table(view);
        Ok(documents::create(&mut self.tx, &table).await?)
    }

    async fn document(&mut self, view: &str, key: &str) -> Result<Option<String>, BoxError> {
        let table = self.table(view);
        let found = documents::get(&mut self.tx, &table, key).await;
        self.looked(found).await
    }

    async fn put_document(
        &mut self,
        view: &str,
        key: &str,
        document: &str,
        position: Position,
    ) -> Result<(), BoxError> {
        let (table, position) = (self.table(view), to_stored(position));
        Ok(documents::put(&mut self.tx, &table, key, document, position).await?)
    }

    async fn delete_document(&mut self, view: &str, key: &str) -> Result<(), BoxError> {
        let table = self.table(view);
        Ok(documents::delete(&mut self.tx, &table, key).await?)
    }

    async fn documents(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, String)>, BoxError> {
        let table = self.table(view);
        let found = documents::list(&mut self.tx, &table, after, limit).await;
        self.looked(found).await
    }

    async fn document_keys(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, BoxError> {
        let table = self.table(view);
        let found = documents::keys(&mut self.tx, &table, after, limit).await;
        self.looked(found).await
    }

    async fn count_documents(&mut self, view: &str) -> Result<u64, BoxError> {
        let table = self.table(view);
        let found = documents::count(&mut self.tx, &table).await;
        self.looked(found).await
    }

    fn take_gathered<T: Default + Send + 'static>(&mut self) -> Box<T> {
        let gathered = self.gathered.take().and_then(|any| any.downcast().ok());
        gathered.unwrap_or_default()
    }

    fn keep_gathered<T: Send + 'static>(&mut self, gathered: Box<T>) {
        self.gathered = Some(gathered);
    }
}

impl fmt::Debug for PostgresTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTx").field("model", &self.model).finish_non_exhaustive()
    }
}
