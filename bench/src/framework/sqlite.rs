//! Events of cqrs-es in SQLite.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use cqrs_es::{
    Aggregate,
    persist::{
        PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent,
        SerializedSnapshot,
    },
};
use rusqlite::{Connection, Row, params};
use serde_json::Value;

use crate::problem;

/// A database of events.
#[derive(Debug, Clone)]
pub(super) struct Events(Arc<Mutex<Connection>>);

type Result<T> = std::result::Result<T, PersistenceError>;

impl Events {
    pub(super) fn create(path: &Path) -> problem::Result<Self> {
        let database = Connection::open(path)?;
        database.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             CREATE TABLE events (
                 aggregate_type TEXT NOT NULL, aggregate_id TEXT NOT NULL, sequence INTEGER NOT NULL,
                 event_type TEXT NOT NULL, event_version TEXT NOT NULL,
                 payload TEXT NOT NULL, metadata TEXT NOT NULL,
                 PRIMARY KEY (aggregate_type, aggregate_id, sequence)
             ) WITHOUT ROWID",
        )?;
        Ok(Self(Arc::new(Mutex::new(database))))
    }

    fn database(&self) -> Result<MutexGuard<'_, Connection>> {
        self.0.lock().map_err(|error| failed(error.to_string()))
    }

    fn after<A: Aggregate>(&self, id: &str, sequence: usize) -> Result<Vec<SerializedEvent>> {
        let database = self.database()?;
        let mut select = database
            .prepare_cached(
                "SELECT * FROM events
                 WHERE aggregate_type = ? AND aggregate_id = ? AND sequence > ? ORDER BY sequence",
            )
            .map_err(failed)?;
        let rows =
            select.query_map(params![A::TYPE, id, sequence as i64], event).map_err(failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(failed)
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<SerializedEvent> {
    let json = |column: usize| -> rusqlite::Result<Value> {
        serde_json::from_str(row.get_ref(column)?.as_str()?)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    };
    Ok(SerializedEvent {
        aggregate_type: row.get(0)?,
        aggregate_id: row.get(1)?,
        sequence: row.get::<_, i64>(2)? as usize,
        event_type: row.get(3)?,
        event_version: row.get(4)?,
        payload: json(5)?,
        metadata: json(6)?,
    })
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PersistenceError {
    PersistenceError::UnknownError(error.into())
}

impl PersistedEventRepository for Events {
    async fn get_events<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>> {
        self.after::<A>(id, 0)
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        id: &str,
        last: usize,
    ) -> Result<Vec<SerializedEvent>> {
        self.after::<A>(id, last)
    }

    async fn get_snapshot<A: Aggregate>(&self, _id: &str) -> Result<Option<SerializedSnapshot>> {
        Ok(None)
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        _snapshot: Option<(String, Value, usize)>,
    ) -> Result<()> {
        let mut database = self.database()?;
        let transaction = database.transaction().map_err(failed)?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)")
                .map_err(failed)?;
            for event in events {
                let row = params![
                    event.aggregate_type,
                    event.aggregate_id,
                    event.sequence as i64,
                    event.event_type,
                    event.event_version,
                    event.payload.to_string(),
                    event.metadata.to_string()
                ];
                insert.execute(row).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)
    }

    async fn stream_events<A: Aggregate>(&self, _id: &str) -> Result<ReplayStream> {
        Err(failed("replays are not measured"))
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream> {
        Err(failed("replays are not measured"))
    }
}
