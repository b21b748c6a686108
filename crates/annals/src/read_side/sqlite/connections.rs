//! The connections of a database: one that writes, lent to one transaction at a time, and some
//! that read.
//!
//! Writers in this process wait for the one connection and are woken when it is back. Only other
//! processes meet SQLite's own locks, where waiting is looking again.

use std::{path::PathBuf, time::Duration};

use annals_core::Result;
use event_listener::Event;
use parking_lot::Mutex;
use rusqlite::Connection;

use super::{failure::failed, schema};

/// How long SQLite itself waits for another process. Short, so that a runner can be stopped; it
/// tries again by itself.
const BUSY_TIMEOUT: Duration = Duration::from_millis(200);
/// The most idle readers that are kept.
const READERS_KEPT: usize = 4;
/// Prepared statements kept by each connection.
const STATEMENTS_KEPT: usize = 128;

/// What a connection is lent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    Read,
}

pub(super) struct Database {
    /// `None` in memory.
    pub(super) path: Option<PathBuf>,
    pub(super) id: String,
    writer: Mutex<Option<Connection>>,
    returned: Event,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    pub(super) fn open(path: Option<PathBuf>) -> Result<Self> {
        let connection = connect(path.as_ref(), Access::Write)?;
        let id = schema::prepare(&connection)?;
        let (writer, readers) = (Mutex::new(Some(connection)), Mutex::new(Vec::new()));
        Ok(Self { path, id, writer, returned: Event::new(), readers })
    }

    /// Lends a connection. In memory there is but one, for both.
    pub(super) async fn check_out(&self, access: Access) -> Result<Connection> {
        if access == Access::Read && self.path.is_some() {
            let idle = self.readers.lock().pop();
            return idle.map_or_else(|| connect(self.path.as_ref(), Access::Read), Ok);
        }
        loop {
            let listener = self.returned.listen();
            if let Some(connection) = self.writer.lock().take() {
                return Ok(connection);
            }
            listener.await;
        }
    }

    /// Takes back a connection without a transaction.
    pub(super) fn check_in(&self, connection: Connection, access: Access) {
        if access == Access::Read && self.path.is_some() {
            let mut readers = self.readers.lock();
            if readers.len() < READERS_KEPT {
                readers.push(connection);
            }
            return;
        }
        *self.writer.lock() = Some(connection);
        self.returned.notify(1);
    }
}

fn connect(path: Option<&PathBuf>, access: Access) -> Result<Connection> {
    let opening = |error| failed("opening a database", error);
    let connection = match path {
        Some(path) => Connection::open(path).map_err(opening)?,
        None => Connection::open_in_memory().map_err(opening)?,
    };
    let set = || {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "query_only", access == Access::Read)
    };
    set().map_err(opening)?;
    Ok(connection)
}
