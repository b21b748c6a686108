//! The views through which queries see the live model under plain names.

use annals_core::{Error, Result};
use rusqlite::{Connection, OptionalExtension};

use super::{super::ModelInfo, failure::failed, models};

/// Puts the tables of a model behind the plain names, instead of those of the one before.
pub(super) fn set_live(connection: &Connection, info: &ModelInfo) -> Result<()> {
    check_free(connection, info)?;
    let switched = || {
        let projection = &info.model.projection;
        let known = models::list(connection, projection)?;
        for before in known.iter().filter(|known| known.is_live) {
            for name in &before.tables {
                connection.execute_batch(&format!("DROP VIEW IF EXISTS \"{name}\""))?;
            }
        }
        connection.execute(
            "UPDATE annals_model SET is_live = 0 WHERE projection = ?1 AND is_live = 1",
            [projection],
        )?;
        connection.execute(
            "UPDATE annals_model SET is_live = 1 \
             WHERE projection = ?1 AND version = ?2 AND generation = ?3",
            (projection, info.model.version, info.model.generation),
        )?;
        for name in &info.tables {
            let table = info.model.table(name);
            connection.execute_batch(&format!(
                "DROP VIEW IF EXISTS \"{name}\"; \
                 CREATE VIEW \"{name}\" AS SELECT * FROM \"{table}\";"
            ))?;
        }
        Ok(())
    };
    switched().map_err(|error| failed("making a read model live", error))
}

/// The plain names must be ours to give.
fn check_free(connection: &Connection, info: &ModelInfo) -> Result<()> {
    let looked = |error| failed("looking at the names of tables", error);
    let others = models::live_of_others(connection, &info.model.projection).map_err(looked)?;
    for name in &info.tables {
        if let Some(other) = others.iter().find(|other| other.tables.contains(name)) {
            return Err(Error::invalid(format!(
                "{} and {} both have a table `{name}` in one database; rename one of them",
                info.model, other.model
            )));
        }
        let kind: Option<String> = connection
            .query_row(
                "SELECT type FROM sqlite_schema WHERE name = ?1 AND type <> 'view'",
                [name],
                |row| row.get(0),
            )
            .optional()
            .map_err(looked)?;
        if let Some(kind) = kind {
            return Err(Error::invalid(format!(
                "the database has a {kind} of its own called `{name}`, where {} needs a view; \
                 rename one of them",
                info.model
            )));
        }
    }
    Ok(())
}
