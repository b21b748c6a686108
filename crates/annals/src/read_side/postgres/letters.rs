//! Dead letters in PostgreSQL.

use annals_core::{EventId, Result, Timestamp};
use annals_postgres::{Transaction, tokio_postgres::Row};

use super::{
    super::{DeadLetter, Model, NewDeadLetter, read_store::to_stored},
    checkpoints::from_stored,
    failure::strange,
    models::{number, numbers},
};

/// With `$4` null every key is meant.
const OF_KEY: &str =
    "projection = $1 AND version = $2 AND generation = $3 AND ($4::text IS NULL OR key = $4)";

pub(super) async fn list(
    tx: &mut Transaction,
    model: &Model,
    key: Option<&str>,
) -> Result<Vec<DeadLetter>> {
    let (version, generation) = numbers(model);
    let sql = format!(
        "SELECT id, partition, position, part, event_id, key, reason, attempts, recorded_us \
         FROM {}.read_dead_letters WHERE {OF_KEY} ORDER BY position, part",
        tx.schema()
    );
    let rows = tx.query(&sql, &[&model.projection, &version, &generation, &key]).await?;
    rows.iter().map(|row| to_letter(row, model)).collect()
}

fn to_letter(row: &Row, model: &Model) -> Result<DeadLetter> {
    let event_id: &str = row.try_get(4).map_err(strange)?;
    let event_id: EventId = event_id.parse()?;
    let part: Option<i64> = row.try_get(3).map_err(strange)?;
    let letter = NewDeadLetter {
        partition: number(row, 1)?,
        position: from_stored(row.try_get(2).map_err(strange)?),
        part: part.map(|part| u32::try_from(part).unwrap_or(u32::MAX)),
        event_id,
        key: row.try_get(5).map_err(strange)?,
        reason: row.try_get(6).map_err(strange)?,
        attempts: number(row, 7)?,
        time: Timestamp::from_micros(row.try_get(8).map_err(strange)?),
    };
    let id: i64 = row.try_get(0).map_err(strange)?;
    Ok(DeadLetter { id: id.cast_unsigned(), model: model.clone(), letter })
}

pub(super) async fn has(tx: &mut Transaction, model: &Model, key: Option<&str>) -> Result<bool> {
    let (version, generation) = numbers(model);
    let sql = format!("SELECT 1 FROM {}.read_dead_letters WHERE {OF_KEY} LIMIT 1", tx.schema());
    let rows = tx.query(&sql, &[&model.projection, &version, &generation, &key]).await?;
    Ok(!rows.is_empty())
}

pub(super) async fn add(tx: &mut Transaction, model: &Model, letter: &NewDeadLetter) -> Result<()> {
    let (version, generation) = numbers(model);
    let sql = format!(
        "INSERT INTO {}.read_dead_letters (projection, version, generation, partition, position, \
         part, event_id, key, reason, attempts, recorded_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tx.schema()
    );
    tx.execute(
        &sql,
        &[
            &model.projection,
            &version,
            &generation,
            &i64::from(letter.partition),
            &to_stored(letter.position),
            &letter.part.map(i64::from),
            &letter.event_id.to_string(),
            &letter.key,
            // Text in PostgreSQL holds no NUL.
            &letter.reason.replace('\0', ""),
            &i64::from(letter.attempts),
            &letter.time.as_micros(),
        ],
    )
    .await
    .map(drop)
}

pub(super) async fn remove(tx: &mut Transaction, model: &Model, id: u64) -> Result<bool> {
    let (version, generation) = numbers(model);
    let sql = format!(
        "DELETE FROM {}.read_dead_letters \
         WHERE projection = $1 AND version = $2 AND generation = $3 AND id = $4",
        tx.schema()
    );
    let id = id.cast_signed();
    Ok(tx.execute(&sql, &[&model.projection, &version, &generation, &id]).await? == 1)
}
