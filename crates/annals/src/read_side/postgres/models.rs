//! The read models that a PostgreSQL database holds.

use annals_core::Result;
use annals_postgres::{Access, Transaction, tokio_postgres::Row};

use super::{
    super::{Model, ModelInfo},
    checkpoints,
    failure::strange,
};

/// Any number that only Annals uses: the letters `annr`.
const LOCK: i32 = 0x616e_6e72;

const COLUMNS: &str = "projection, version, generation, event_store, partitions, fingerprint, \
    is_built, is_live, tables";

/// The numbers of a model as they are stored.
pub(super) fn numbers(model: &Model) -> (i64, i64) {
    (model.version.into(), model.generation.into())
}

/// Waits until nobody else changes which models of a projection there are. Whoever only looks
/// waits for nobody.
pub(super) async fn lock(tx: &mut Transaction, projection: &str) -> Result<()> {
    if tx.access() == Access::Write {
        let name = format!("{}.{projection}", tx.schema());
        tx.query("SELECT pg_advisory_xact_lock($1, hashtext($2))", &[&LOCK, &name]).await?;
    }
    Ok(())
}

pub(super) async fn list(tx: &mut Transaction, projection: &str) -> Result<Vec<ModelInfo>> {
    lock(tx, projection).await?;
    let sql = format!(
        "SELECT {COLUMNS} FROM {}.read_models WHERE projection = $1 ORDER BY version, generation",
        tx.schema()
    );
    tx.query(&sql, &[&projection]).await?.iter().map(to_info).collect()
}

/// The live models of other projections.
pub(super) async fn live_of_others(
    tx: &mut Transaction,
    projection: &str,
) -> Result<Vec<ModelInfo>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {}.read_models WHERE projection <> $1 AND is_live",
        tx.schema()
    );
    tx.query(&sql, &[&projection]).await?.iter().map(to_info).collect()
}

fn to_info(row: &Row) -> Result<ModelInfo> {
    Ok(ModelInfo {
        model: Model {
            projection: row.try_get(0).map_err(strange)?,
            version: number(row, 1)?,
            generation: number(row, 2)?,
        },
        event_store: row.try_get(3).map_err(strange)?,
        partitions: number(row, 4)?,
        fingerprint: row.try_get::<_, i64>(5).map_err(strange)?.cast_unsigned(),
        is_built: row.try_get(6).map_err(strange)?,
        is_live: row.try_get(7).map_err(strange)?,
        tables: row.try_get(8).map_err(strange)?,
    })
}

/// A number that was stored as a wider one.
pub(super) fn number(row: &Row, column: usize) -> Result<u32> {
    let stored: i64 = row.try_get(column).map_err(strange)?;
    Ok(u32::try_from(stored).unwrap_or(u32::MAX))
}

pub(super) async fn add(tx: &mut Transaction, info: &ModelInfo) -> Result<()> {
    let (version, generation) = numbers(&info.model);
    let sql = format!(
        "INSERT INTO {}.read_models ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, false, $8)",
        tx.schema()
    );
    let (partitions, fingerprint) = (i64::from(info.partitions), info.fingerprint.cast_signed());
    tx.execute(
        &sql,
        &[
            &info.model.projection,
            &version,
            &generation,
            &info.event_store,
            &partitions,
            &fingerprint,
            &info.is_built,
            &info.tables,
        ],
    )
    .await?;
    checkpoints::begin(tx, &info.model, info.partitions).await
}

pub(super) async fn remove(tx: &mut Transaction, info: &ModelInfo) -> Result<()> {
    let (version, generation) = numbers(&info.model);
    let schema = tx.schema().to_owned();
    for table in &info.tables {
        let table = info.model.table(table);
        tx.batch(&format!("DROP TABLE IF EXISTS {schema}.\"{table}\"")).await?;
    }
    for table in ["read_dead_letters", "read_checkpoints", "read_models"] {
        let sql = format!(
            "DELETE FROM {schema}.{table} \
             WHERE projection = $1 AND version = $2 AND generation = $3"
        );
        tx.execute(&sql, &[&info.model.projection, &version, &generation]).await?;
    }
    Ok(())
}

pub(super) async fn set_built(tx: &mut Transaction, model: &Model) -> Result<()> {
    let (version, generation) = numbers(model);
    let sql = format!(
        "UPDATE {}.read_models SET is_built = true \
         WHERE projection = $1 AND version = $2 AND generation = $3",
        tx.schema()
    );
    tx.execute(&sql, &[&model.projection, &version, &generation]).await.map(drop)
}

/// The live model of a projection from now on.
pub(super) async fn set_live(tx: &mut Transaction, model: &Model) -> Result<()> {
    let (version, generation) = numbers(model);
    let schema = tx.schema().to_owned();
    let sql = format!(
        "UPDATE {schema}.read_models SET is_live = false WHERE projection = $1 AND is_live"
    );
    tx.execute(&sql, &[&model.projection]).await?;
    let sql = format!(
        "UPDATE {schema}.read_models SET is_live = true \
         WHERE projection = $1 AND version = $2 AND generation = $3"
    );
    tx.execute(&sql, &[&model.projection, &version, &generation]).await.map(drop)
}

pub(super) async fn missing_tables(tx: &mut Transaction, info: &ModelInfo) -> Result<Vec<String>> {
    let tables: Vec<String> = info.tables.iter().map(|name| info.model.table(name)).collect();
    let schema = tx.schema().to_owned();
    let sql = "SELECT t.name FROM unnest($1::text[]) WITH ORDINALITY AS t (name, number) \
               WHERE NOT EXISTS (SELECT FROM pg_class c \
               WHERE c.oid = to_regclass($2 || '.' || quote_ident(t.name)) \
               AND c.relkind IN ('r', 'p')) ORDER BY t.number";
    let rows = tx.query(sql, &[&tables, &schema]).await?;
    rows.iter().map(|row| row.try_get(0).map_err(strange)).collect()
}
