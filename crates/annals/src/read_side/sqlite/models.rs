//! The read models a SQLite database holds.

use rusqlite::{Connection, Row};

use super::{
    super::{Model, ModelInfo},
    checkpoints,
};

/// Between the names of tables, which are words.
const COMMA: &str = ",";

pub(super) fn list(connection: &Connection, projection: &str) -> rusqlite::Result<Vec<ModelInfo>> {
    let mut query = connection.prepare_cached(
        "SELECT projection, version, generation, event_store, partitions, fingerprint, is_built, \
         is_live, tables FROM annals_model WHERE projection = ?1 ORDER BY version, generation",
    )?;
    query.query_map([projection], to_info)?.collect()
}

/// The live models of other projections.
pub(super) fn live_of_others(
    connection: &Connection,
    projection: &str,
) -> rusqlite::Result<Vec<ModelInfo>> {
    let mut query = connection.prepare_cached(
        "SELECT projection, version, generation, event_store, partitions, fingerprint, is_built, \
         is_live, tables FROM annals_model WHERE projection <> ?1 AND is_live = 1",
    )?;
    query.query_map([projection], to_info)?.collect()
}

fn to_info(row: &Row<'_>) -> rusqlite::Result<ModelInfo> {
    let tables: String = row.get(8)?;
    let names = tables.split(COMMA).filter(|name| !name.is_empty());
    Ok(ModelInfo {
        model: Model { projection: row.get(0)?, version: row.get(1)?, generation: row.get(2)? },
        event_store: row.get(3)?,
        partitions: row.get(4)?,
        fingerprint: row.get::<_, i64>(5)?.cast_unsigned(),
        is_built: row.get(6)?,
        is_live: row.get(7)?,
        tables: names.map(str::to_owned).collect(),
    })
}

pub(super) fn add(connection: &Connection, info: &ModelInfo) -> rusqlite::Result<()> {
    let model = &info.model;
    connection
        .prepare_cached("INSERT INTO annals_model VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)")?
        .execute((
            &model.projection,
            model.version,
            model.generation,
            &info.event_store,
            info.partitions,
            info.fingerprint.cast_signed(),
            info.is_built,
            info.tables.join(COMMA),
        ))?;
    checkpoints::begin(connection, model, info.partitions)
}

pub(super) fn remove(connection: &Connection, info: &ModelInfo) -> rusqlite::Result<()> {
    let model = &info.model;
    for table in &info.tables {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS \"{}\"", model.table(table)))?;
    }
    for table in ["annals_dead_letter", "annals_checkpoint", "annals_model"] {
        let of = "projection = ?1 AND version = ?2 AND generation = ?3";
        connection.execute(
            &format!("DELETE FROM {table} WHERE {of}"),
            (&model.projection, model.version, model.generation),
        )?;
    }
    Ok(())
}

pub(super) fn set_built(connection: &Connection, model: &Model) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE annals_model SET is_built = 1 \
             WHERE projection = ?1 AND version = ?2 AND generation = ?3",
        )?
        .execute((&model.projection, model.version, model.generation))
        .map(drop)
}

pub(super) fn missing_tables(
    connection: &Connection,
    info: &ModelInfo,
) -> rusqlite::Result<Vec<String>> {
    let mut missing = Vec::new();
    for table in info.tables.iter().map(|name| info.model.table(name)) {
        let is_there = connection
            .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?
            .exists([&table])?;
        if !is_there {
            missing.push(table);
        }
    }
    Ok(missing)
}
