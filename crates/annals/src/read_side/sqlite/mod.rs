//! Read models in SQLite.
//!
//! Write-ahead log, `synchronous=NORMAL`: a power loss may undo the last transactions, but each
//! as a whole. A read model and its checkpoint go back together and catch up again, so every
//! event still takes effect once; a sync for each batch would buy nothing.

mod checkpoints;
mod connections;
mod documents;
mod failure;
mod letters;
mod models;
mod schema;
mod tx;
mod views;

pub use tx::SqliteTx;

use std::{fmt, path::Path, sync::Arc};

use annals_core::Result;
use rusqlite::Connection;

use super::{ReadStore, Trouble};
use crate::BoxError;
use connections::{Access, Database};
use failure::failed;

/// A SQLite database that holds read models, in a file or in memory. Clones share it.
///
/// Several projections may share one. Other programs may read it at any time.
///
/// ```
/// use annals::Sqlite;
///
/// # futures_lite::future::block_on(async {
/// let tables = Sqlite::in_memory()?; // or Sqlite::open("balances.db")?
/// let one: i64 = tables.read(|sql| sql.query_row("SELECT 1", [], |row| row.get(0))).await?;
/// assert_eq!(one, 1);
/// # Ok::<(), annals::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Sqlite(Arc<Database>);

impl Sqlite {
    /// Opens the database in a file, and begins a new one where there is none. Blocks shortly.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be opened or is locked, `PermissionDenied`, `Corrupted`,
    /// `Unsupported` for one that a newer version made.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self(Arc::new(Database::open(Some(path.as_ref().to_owned()))?)))
    }

    /// Begins a database in memory, gone with its last clone.
    ///
    /// # Errors
    /// `Internal` when SQLite cannot begin one.
    pub fn in_memory() -> Result<Self> {
        Ok(Self(Arc::new(Database::open(None)?)))
    }

    /// Runs a query on a consistent state of the database, on a thread that may block. It cannot
    /// write.
    ///
    /// # Errors
    /// What the query gave, as an [`Error`](crate::Error) with it as its source.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let tx = self.look().await?;
        blocking::unblock(move || query(tx.connection()).map_err(|error| failed("a query", error)))
            .await
    }
}

impl ReadStore for Sqlite {
    type Tx = SqliteTx;

    async fn begin(&self) -> Result<SqliteTx> {
        let connection = self.0.check_out(Access::Write).await?;
        SqliteTx::begin(Arc::clone(&self.0), connection, Access::Write)
    }

    async fn look(&self) -> Result<SqliteTx> {
        let connection = self.0.check_out(Access::Read).await?;
        SqliteTx::begin(Arc::clone(&self.0), connection, Access::Read)
    }

    fn id(&self) -> &str {
        &self.0.id
    }

    fn trouble(error: &BoxError) -> Option<Trouble> {
        failure::trouble(error)
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.0.path).finish_non_exhaustive()
    }
}
