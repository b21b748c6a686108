//! The databases that hold read models: what each must be able to do.
//!
//! Users only open one; the methods are for those who write another.

use std::{any::Any, fmt, future::Future};

use annals_core::Result;

use super::{Advance, Checkpoint, DeadLetter, Model, ModelInfo, NewDeadLetter};
use crate::BoxError;

/// A database that holds read models. Clones share it.
pub trait ReadStore: Clone + fmt::Debug + Send + Sync + 'static {
    /// A transaction that is under way. Dropping it rolls back.
    type Tx: ReadTx;

    /// Begins a transaction that writes, waiting for those before it.
    ///
    /// # Errors
    /// `Unavailable` when the database is locked or cannot be reached.
    fn begin(&self) -> impl Future<Output = Result<Self::Tx>> + Send;

    /// Begins a transaction that only reads and waits for nobody.
    ///
    /// # Errors
    /// `Unavailable` when the database cannot be reached.
    fn look(&self) -> impl Future<Output = Result<Self::Tx>> + Send;

    /// Names this database and no other, also after a restart.
    fn id(&self) -> &str;

    /// Whether [`join`](Self::join) can give something. It does for appends to the store of events
    /// that [`id`](Self::id) names.
    const JOINS_APPENDS: bool = false;

    /// Joins the transaction of an append, when that is one of this database. Whoever gave it ends
    /// it.
    fn join(&self, transaction: &mut (dyn Any + Send)) -> Option<Self::Tx> {
        let _ = transaction;
        None
    }

    /// What an error that came out of a handler says about the database itself.
    fn trouble(error: &BoxError) -> Option<Trouble>;
}

/// What is wrong with a database, so that no event is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It may be over in a moment: locked, busy, unreachable.
    Passing(String),
    /// Somebody has to do something: full, read-only, damaged.
    Lasting(String),
    /// A table or a column is missing; which is to blame shows in what tables there are.
    Schema(String),
}

/// A transaction on a database with read models.
pub trait ReadTx: Send + 'static {
    /// From now on names of tables are those of this model.
    fn use_model(&mut self, model: &Model);

    /// Makes all of it durable, or nothing.
    ///
    /// # Errors
    /// `Unavailable`; `Application` when a handler ended the transaction by itself.
    fn commit(self) -> impl Future<Output = Result<()>> + Send;

    /// Undoes all of it.
    ///
    /// # Errors
    /// What undoing met; nothing was kept all the same.
    fn rollback(self) -> impl Future<Output = Result<()>> + Send;

    /// Whether the transaction is still under way; a database may have ended it on an error.
    fn is_open(&self) -> bool;

    /// The read models of a projection, in order of version and generation.
    ///
    /// # Errors
    /// Those of the database.
    fn models(&mut self, projection: &str) -> impl Future<Output = Result<Vec<ModelInfo>>> + Send;

    /// Adds a model, with a checkpoint before the first event for each partition.
    ///
    /// # Errors
    /// Those of the database.
    fn add_model(&mut self, info: &ModelInfo) -> impl Future<Output = Result<()>> + Send;

    /// Removes a model with its tables, checkpoints and dead letters.
    ///
    /// # Errors
    /// Those of the database.
    fn remove_model(&mut self, info: &ModelInfo) -> impl Future<Output = Result<()>> + Send;

    /// Notes that a model has caught up.
    ///
    /// # Errors
    /// Those of the database.
    fn set_built(&mut self, model: &Model) -> impl Future<Output = Result<()>> + Send;

    /// Makes queries see this model: its tables behind the plain names.
    ///
    /// # Errors
    /// `InvalidArgument` when something else has one of the names; those of the database.
    fn set_live(&mut self, info: &ModelInfo) -> impl Future<Output = Result<()>> + Send;

    /// Those of the model's tables that are not there.
    ///
    /// # Errors
    /// Those of the database.
    fn missing_tables(
        &mut self,
        info: &ModelInfo,
    ) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// How far the partitions have come, in order. In a transaction that writes, nobody moves
    /// those of another model than the one in use on until its end.
    ///
    /// # Errors
    /// Those of the database.
    fn checkpoints(
        &mut self,
        model: &Model,
    ) -> impl Future<Output = Result<Vec<Checkpoint>>> + Send;

    /// Takes the model over: whoever has a lower fence can write no more. Forgets pauses.
    ///
    /// # Errors
    /// `ConditionFailed` when somebody with a higher fence was here.
    fn claim(&mut self, model: &Model, fence: u64) -> impl Future<Output = Result<()>> + Send;

    /// Moves a partition on.
    ///
    /// # Errors
    /// `ConditionFailed` when it does not stand where it must, or somebody with a higher fence was
    /// here.
    fn advance(
        &mut self,
        model: &Model,
        advance: &Advance,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Notes why a partition does not go on, or that it does.
    ///
    /// # Errors
    /// Those of the database.
    fn set_paused(
        &mut self,
        model: &Model,
        partition: u32,
        reason: Option<&str>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// The dead letters of a model by position, of one key when given.
    ///
    /// # Errors
    /// Those of the database.
    fn letters(
        &mut self,
        model: &Model,
        key: Option<&str>,
    ) -> impl Future<Output = Result<Vec<DeadLetter>>> + Send;

    /// Whether a model has a dead letter, of one key when given.
    ///
    /// # Errors
    /// Those of the database.
    fn has_letter(
        &mut self,
        model: &Model,
        key: Option<&str>,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Sets an event aside.
    ///
    /// # Errors
    /// Those of the database.
    fn add_letter(
        &mut self,
        model: &Model,
        letter: &NewDeadLetter,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Removes a dead letter. Says whether it was there.
    ///
    /// # Errors
    /// Those of the database.
    fn remove_letter(
        &mut self,
        model: &Model,
        id: u64,
    ) -> impl Future<Output = Result<bool>> + Send;
}

/// Positions as databases hold them.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) fn to_stored(position: annals_core::Position) -> i64 {
    // No log reaches 2^63 events.
    i64::try_from(position.get()).unwrap_or(i64::MAX)
}
