//! Checkpoints in SQLite: rows that move on by compare-and-set.

use annals_core::{Error, EventId, Position};
use rusqlite::{Connection, OptionalExtension, Row};

use super::super::{Advance, Checkpoint, Model, read_store::to_stored, refusal};

const OF_MODEL: &str = "projection = ?1 AND version = ?2 AND generation = ?3";

type Stored = rusqlite::Result<Vec<Checkpoint>>;

pub(super) fn list(connection: &Connection, model: &Model) -> Stored {
    let mut query = connection.prepare_cached(&format!(
        "SELECT partition, position, last_event, last_position, is_caught_up, paused, fence \
         FROM annals_checkpoint WHERE {OF_MODEL} ORDER BY partition"
    ))?;
    let of = (&model.projection, model.version, model.generation);
    query.query_map(of, to_checkpoint)?.collect()
}

fn to_checkpoint(row: &Row<'_>) -> rusqlite::Result<Checkpoint> {
    let position = |column: usize| -> rusqlite::Result<_> {
        Ok(row.get::<_, Option<i64>>(column)?.map(from_stored))
    };
    let event: Option<String> = row.get(2)?;
    let event = event.and_then(|text| text.parse::<EventId>().ok());
    Ok(Checkpoint {
        partition: row.get(0)?,
        position: position(1)?,
        last: event.zip(position(3)?),
        is_caught_up: row.get(4)?,
        paused: row.get(5)?,
        fence: row.get::<_, i64>(6)?.cast_unsigned(),
    })
}

pub(super) fn from_stored(position: i64) -> Position {
    Position::new(position.cast_unsigned())
}

pub(super) fn begin(
    connection: &Connection,
    model: &Model,
    partitions: u32,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO annals_checkpoint \
         (projection, version, generation, partition, is_caught_up, fence) \
         VALUES (?1, ?2, ?3, ?4, 0, 0)",
    )?;
    for partition in 0..partitions {
        insert.execute((&model.projection, model.version, model.generation, partition))?;
    }
    Ok(())
}

/// Gives the highest fence when it is higher than this one.
pub(super) fn claim(
    connection: &Connection,
    model: &Model,
    fence: u64,
) -> rusqlite::Result<Option<u64>> {
    let of = (&model.projection, model.version, model.generation);
    let highest: Option<i64> = connection
        .prepare_cached(&format!("SELECT max(fence) FROM annals_checkpoint WHERE {OF_MODEL}"))?
        .query_row(of, |row| row.get(0))?;
    let highest = highest.unwrap_or_default().cast_unsigned();
    if highest > fence {
        return Ok(Some(highest));
    }
    connection
        .prepare_cached(&format!(
            "UPDATE annals_checkpoint SET fence = ?4, paused = NULL WHERE {OF_MODEL}"
        ))?
        .execute((&model.projection, model.version, model.generation, fence.cast_signed()))?;
    Ok(None)
}

/// Says whether it moved.
pub(super) fn advance(
    connection: &Connection,
    model: &Model,
    step: &Advance,
) -> rusqlite::Result<bool> {
    let mut update = connection.prepare_cached(&format!(
        "UPDATE annals_checkpoint SET position = ?4, last_event = coalesce(?5, last_event), \
         last_position = coalesce(?6, last_position), is_caught_up = max(is_caught_up, ?7), \
         fence = ?8, paused = NULL \
         WHERE {OF_MODEL} AND partition = ?9 AND position IS ?10 AND fence <= ?8"
    ))?;
    let rows = update.execute((
        &model.projection,
        model.version,
        model.generation,
        step.to.map(to_stored),
        step.last.map(|(event, _)| event.to_string()),
        step.last.map(|(_, position)| to_stored(position)),
        step.is_caught_up,
        step.fence.cast_signed(),
        step.partition,
        step.from.map(to_stored),
    ))?;
    Ok(rows == 1)
}

/// The error for a step that was not made, from what stands there instead.
pub(super) fn refusal(connection: &Connection, model: &Model, step: &Advance) -> Error {
    let found: rusqlite::Result<Option<(Option<i64>, i64)>> = connection
        .query_row(
            &format!(
                "SELECT position, fence FROM annals_checkpoint \
                 WHERE {OF_MODEL} AND partition = ?4"
            ),
            (&model.projection, model.version, model.generation, step.partition),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional();
    let found = found.map(|found| {
        found.map(|(position, fence)| (position.map(from_stored), fence.cast_unsigned()))
    });
    refusal::of_step(model, step, found.map_err(|error| error.to_string()))
}

pub(super) fn set_paused(
    connection: &Connection,
    model: &Model,
    partition: u32,
    reason: Option<&str>,
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(&format!(
        "UPDATE annals_checkpoint SET paused = ?4 WHERE {OF_MODEL} AND partition = ?5"
    ))?;
    update
        .execute((&model.projection, model.version, model.generation, reason, partition))
        .map(drop)
}
