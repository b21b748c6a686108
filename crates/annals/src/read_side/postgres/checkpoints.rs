//! Checkpoints in PostgreSQL: rows that move on by compare-and-set.

use annals_core::{Error, EventId, Position, Result};
use annals_postgres::{Transaction, tokio_postgres::Row};

use super::{
    super::{Advance, Checkpoint, Model, read_store::to_stored, refusal},
    failure::strange,
    models::{lock, number, numbers},
};

const OF_MODEL: &str = "projection = $1 AND version = $2 AND generation = $3";

/// Whether checkpoints may move on while they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// They may.
    Free,
    /// They stand until the transaction ends.
    Still,
}

/// In a transaction that writes it waits for others who look: of partitions that catch up at the
/// same time, the last one sees all.
pub(super) async fn list(
    tx: &mut Transaction,
    model: &Model,
    hold: Hold,
) -> Result<Vec<Checkpoint>> {
    lock(tx, &model.projection).await?;
    let (version, generation) = numbers(model);
    let held = match hold {
        Hold::Still => " FOR UPDATE",
        Hold::Free => "",
    };
    let sql = format!(
        "SELECT partition, position, last_event, last_position, is_caught_up, paused, fence \
         FROM {}.read_checkpoints WHERE {OF_MODEL} ORDER BY partition{held}",
        tx.schema()
    );
    let rows = tx.query(&sql, &[&model.projection, &version, &generation]).await?;
    rows.iter().map(to_checkpoint).collect()
}

fn to_checkpoint(row: &Row) -> Result<Checkpoint> {
    let position = |column: usize| -> Result<_> {
        Ok(row.try_get::<_, Option<i64>>(column).map_err(strange)?.map(from_stored))
    };
    let event: Option<&str> = row.try_get(2).map_err(strange)?;
    let event = event.and_then(|text| text.parse::<EventId>().ok());
    Ok(Checkpoint {
        partition: number(row, 0)?,
        position: position(1)?,
        last: event.zip(position(3)?),
        is_caught_up: row.try_get(4).map_err(strange)?,
        paused: row.try_get(5).map_err(strange)?,
        fence: row.try_get::<_, i64>(6).map_err(strange)?.cast_unsigned(),
    })
}

pub(super) fn from_stored(position: i64) -> Position {
    Position::new(position.cast_unsigned())
}

pub(super) async fn begin(tx: &mut Transaction, model: &Model, partitions: u32) -> Result<()> {
    let (version, generation) = numbers(model);
    let sql = format!(
        "INSERT INTO {}.read_checkpoints (projection, version, generation, partition) \
         SELECT $1, $2, $3, generate_series(0, $4::bigint - 1)",
        tx.schema()
    );
    let partitions = i64::from(partitions);
    tx.execute(&sql, &[&model.projection, &version, &generation, &partitions]).await.map(drop)
}

pub(super) async fn claim(tx: &mut Transaction, model: &Model, fence: u64) -> Result<()> {
    let (version, generation) = numbers(model);
    let sql = format!(
        "SELECT max(fence) FROM (SELECT fence FROM {}.read_checkpoints WHERE {OF_MODEL} \
         ORDER BY partition FOR UPDATE) AS held",
        tx.schema()
    );
    let rows = tx.query(&sql, &[&model.projection, &version, &generation]).await?;
    let highest = rows.first().map(|row| row.try_get::<_, Option<i64>>(0)).transpose();
    let highest = highest.map_err(strange)?.flatten().unwrap_or_default().cast_unsigned();
    if highest > fence {
        return Err(refusal::of_claim(model, fence, highest));
    }
    let sql = format!(
        "UPDATE {}.read_checkpoints SET fence = $4, paused = NULL WHERE {OF_MODEL}",
        tx.schema()
    );
    let fence = fence.cast_signed();
    tx.execute(&sql, &[&model.projection, &version, &generation, &fence]).await.map(drop)
}

pub(super) async fn advance(tx: &mut Transaction, model: &Model, step: &Advance) -> Result<()> {
    let (version, generation) = numbers(model);
    let sql = format!(
        "UPDATE {}.read_checkpoints SET position = $4, last_event = coalesce($5, last_event), \
         last_position = coalesce($6, last_position), is_caught_up = is_caught_up OR $7, \
         fence = $8, paused = NULL \
         WHERE {OF_MODEL} AND partition = $9 AND position IS NOT DISTINCT FROM $10 AND fence <= $8",
        tx.schema()
    );
    let moved = tx
        .execute(
            &sql,
            &[
                &model.projection,
                &version,
                &generation,
                &step.to.map(to_stored),
                &step.last.map(|(event, _)| event.to_string()),
                &step.last.map(|(_, position)| to_stored(position)),
                &step.is_caught_up,
                &step.fence.cast_signed(),
                &i64::from(step.partition),
                &step.from.map(to_stored),
            ],
        )
        .await?;
    if moved == 1 { Ok(()) } else { Err(refused(tx, model, step).await) }
}

/// The error for a step that was not made, from what stands there instead.
async fn refused(tx: &mut Transaction, model: &Model, step: &Advance) -> Error {
    let (version, generation) = numbers(model);
    let sql = format!(
        "SELECT position, fence FROM {}.read_checkpoints WHERE {OF_MODEL} AND partition = $4",
        tx.schema()
    );
    let partition = i64::from(step.partition);
    let rows = tx.query(&sql, &[&model.projection, &version, &generation, &partition]).await;
    let found = rows.and_then(|rows| rows.first().map(to_found).transpose());
    refusal::of_step(model, step, found.map_err(|error| error.to_string()))
}

fn to_found(row: &Row) -> Result<(Option<Position>, u64)> {
    let position: Option<i64> = row.try_get(0).map_err(strange)?;
    let fence: i64 = row.try_get(1).map_err(strange)?;
    Ok((position.map(from_stored), fence.cast_unsigned()))
}

pub(super) async fn set_paused(
    tx: &mut Transaction,
    model: &Model,
    partition: u32,
    reason: Option<&str>,
) -> Result<()> {
    let (version, generation) = numbers(model);
    let sql = format!(
        "UPDATE {}.read_checkpoints SET paused = $4 WHERE {OF_MODEL} AND partition = $5",
        tx.schema()
    );
    let partition = i64::from(partition);
    // Text in PostgreSQL holds no NUL.
    let reason = reason.map(|reason| reason.replace('\0', ""));
    tx.execute(&sql, &[&model.projection, &version, &generation, &reason, &partition])
        .await
        .map(drop)
}
