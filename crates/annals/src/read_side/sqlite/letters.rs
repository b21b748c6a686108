//! Dead letters in SQLite.

use annals_core::{EventId, Timestamp};
use rusqlite::{Connection, Error, Row, types::Type};

use super::{
    super::{DeadLetter, Model, NewDeadLetter, read_store::to_stored},
    checkpoints::from_stored,
};

/// With `?4` null every key is meant.
const OF_KEY: &str =
    "projection = ?1 AND version = ?2 AND generation = ?3 AND (?4 IS NULL OR key = ?4)";

pub(super) fn list(
    connection: &Connection,
    model: &Model,
    key: Option<&str>,
) -> rusqlite::Result<Vec<DeadLetter>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT id, partition, position, part, event_id, key, reason, attempts, time \
         FROM annals_dead_letter WHERE {OF_KEY} ORDER BY position, part"
    ))?;
    let of = (&model.projection, model.version, model.generation, key);
    query.query_map(of, |row| to_letter(row, model))?.collect()
}

fn to_letter(row: &Row<'_>, model: &Model) -> rusqlite::Result<DeadLetter> {
    let event_id: String = row.get(4)?;
    let event_id: EventId = event_id
        .parse()
        .map_err(|error| Error::FromSqlConversionFailure(4, Type::Text, Box::new(error)))?;
    let letter = NewDeadLetter {
        partition: row.get(1)?,
        position: from_stored(row.get(2)?),
        part: row.get(3)?,
        event_id,
        key: row.get(5)?,
        reason: row.get(6)?,
        attempts: row.get(7)?,
        time: Timestamp::from_micros(row.get(8)?),
    };
    Ok(DeadLetter { id: row.get::<_, i64>(0)?.cast_unsigned(), model: model.clone(), letter })
}

pub(super) fn has(
    connection: &Connection,
    model: &Model,
    key: Option<&str>,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(&format!("SELECT 1 FROM annals_dead_letter WHERE {OF_KEY} LIMIT 1"))?
        .exists((&model.projection, model.version, model.generation, key))
}

pub(super) fn add(
    connection: &Connection,
    model: &Model,
    letter: &NewDeadLetter,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO annals_dead_letter (projection, version, generation, partition, position, \
         part, event_id, key, reason, attempts, time) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let row = (
        &model.projection,
        model.version,
        model.generation,
        letter.partition,
        to_stored(letter.position),
        letter.part,
        letter.event_id.to_string(),
        &letter.key,
        &letter.reason,
        letter.attempts,
        letter.time.as_micros(),
    );
    insert.execute(row).map(drop)
}

pub(super) fn remove(connection: &Connection, model: &Model, id: u64) -> rusqlite::Result<bool> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM annals_dead_letter \
         WHERE projection = ?1 AND version = ?2 AND generation = ?3 AND id = ?4",
    )?;
    let of = (&model.projection, model.version, model.generation, id.cast_signed());
    Ok(delete.execute(of)? == 1)
}
