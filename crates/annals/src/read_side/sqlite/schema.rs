//! The tables in which a database keeps its own records, all called `annals_...`.

use annals_core::{Error, ErrorKind, EventId, Result};
use rusqlite::{Connection, OptionalExtension};

use super::failure::failed;

const FORMAT: &str = "1";

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS annals_meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS annals_model (
    projection TEXT NOT NULL,
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    event_store TEXT,
    partitions INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,
    is_built INTEGER NOT NULL,
    is_live INTEGER NOT NULL,
    tables TEXT NOT NULL,
    PRIMARY KEY (projection, version, generation)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS annals_model_live ON annals_model (projection) WHERE is_live = 1;
CREATE TABLE IF NOT EXISTS annals_checkpoint (
    projection TEXT NOT NULL,
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER,
    last_event TEXT,
    last_position INTEGER,
    is_caught_up INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    paused TEXT,
    PRIMARY KEY (projection, version, generation, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS annals_dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    projection TEXT NOT NULL,
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    part INTEGER,
    event_id TEXT NOT NULL,
    key TEXT,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    time INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS annals_dead_letter_key
    ON annals_dead_letter (projection, version, generation, key, position, part);
";

/// Makes what is missing and gives the id of the database.
pub(super) fn prepare(connection: &Connection) -> Result<String> {
    let prepared = || {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute_batch(TABLES)?;
        let mut meta = connection.prepare(
            "INSERT INTO annals_meta (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?;
        meta.execute(("format", FORMAT))?;
        meta.execute(("id", EventId::random().to_string()))?;
        let format = value(connection, "format")?;
        let id = value(connection, "id")?;
        connection.execute_batch("COMMIT")?;
        Ok((format, id))
    };
    let (format, id) = prepared().map_err(|error| failed("preparing a database", error))?;
    match (format.as_deref(), id) {
        (Some(FORMAT), Some(id)) => Ok(id),
        (format, _) => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "the read models in this database have format {}, and this version reads format \
                 {FORMAT}; use a newer version, or another database",
                format.unwrap_or("none")
            ),
        )),
    }
}

fn value(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("SELECT value FROM annals_meta WHERE name = ?1", [name], |row| row.get(0))
        .optional()
}
