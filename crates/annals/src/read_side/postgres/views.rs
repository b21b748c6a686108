//! The views through which queries see the live model under plain names.

use annals_core::{Error, Result};
use annals_postgres::Transaction;

use super::{
    super::ModelInfo,
    failure::{code, strange},
    models,
};

/// PostgreSQL's code for a view that cannot be replaced in place, because its columns change.
const OTHER_COLUMNS: &str = "42P16";

/// Puts the tables of a model behind the plain names, instead of those of the one before. Who
/// reads through a view at that moment is waited for.
pub(super) async fn set_live(tx: &mut Transaction, info: &ModelInfo) -> Result<()> {
    let known = models::list(tx, &info.model.projection).await?;
    check_free(tx, info, &known).await?;
    let schema = tx.schema().to_owned();
    for before in known.iter().filter(|known| known.is_live) {
        for name in before.tables.iter().filter(|name| !info.tables.contains(name)) {
            tx.batch(&format!("DROP VIEW IF EXISTS {schema}.\"{name}\"")).await?;
        }
    }
    models::set_live(tx, &info.model).await?;
    for name in &info.tables {
        let table = info.model.table(name);
        let view = format!("{schema}.\"{name}\" AS SELECT * FROM {schema}.\"{table}\"");
        replace(tx, &format!("{schema}.\"{name}\""), &view).await?;
    }
    Ok(())
}

/// Replaces a view in place where its columns allow, which keeps who may read it and what others
/// have built on it.
async fn replace(tx: &mut Transaction, name: &str, view: &str) -> Result<()> {
    tx.savepoint().await?;
    match tx.batch(&format!("CREATE OR REPLACE VIEW {view}")).await {
        Ok(()) => tx.release_savepoint().await,
        Err(error) if code(&error) == Some(OTHER_COLUMNS) => {
            tx.back_to_savepoint().await?;
            tx.batch(&format!("DROP VIEW {name}; CREATE VIEW {view}")).await
        }
        Err(error) => Err(error),
    }
}

/// The plain names must be ours to give.
async fn check_free(tx: &mut Transaction, info: &ModelInfo, known: &[ModelInfo]) -> Result<()> {
    let others = models::live_of_others(tx, &info.model.projection).await?;
    let schema = tx.schema().to_owned();
    for name in &info.tables {
        if let Some(other) = others.iter().find(|other| other.tables.contains(name)) {
            return Err(Error::invalid(format!(
                "{} and {} both have a table `{name}` in one database; rename one of them",
                info.model, other.model
            )));
        }
        let sql = "SELECT relkind = 'v' FROM pg_class \
                   WHERE oid = to_regclass($1 || '.' || quote_ident($2))";
        let rows = tx.query(sql, &[&schema, name]).await?;
        let is_view: Option<bool> =
            rows.first().map(|row| row.try_get(0)).transpose().map_err(strange)?;
        let is_ours = known.iter().any(|known| known.is_live && known.tables.contains(name));
        if is_view.is_some_and(|is_view| !is_view || !is_ours) {
            return Err(Error::invalid(format!(
                "the schema has something of its own called `{name}`, where {} needs a view; \
                 rename one of them",
                info.model
            )));
        }
    }
    Ok(())
}
