//! Migrations: SQL files that are applied once, in order, each with a checksum.

use annals_core::{Error, ErrorKind, Result};
use tokio_postgres::{Client, GenericClient};
use xxhash_rust::xxh3::xxh3_64;

use crate::{failure::failed, sql::quoted};

/// One file of SQL.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number, from 1.
    pub version: i32,
    /// Its name.
    pub name: &'static str,
    /// Its text; names in it are those of the store's schema.
    pub sql: &'static str,
}

/// Every migration, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "tables", sql: include_str!("../migrations/0001_tables.sql") },
    Migration { version: 2, name: "append", sql: include_str!("../migrations/0002_append.sql") },
    Migration { version: 3, name: "views", sql: include_str!("../migrations/0003_views.sql") },
    Migration { version: 4, name: "restore", sql: include_str!("../migrations/0004_restore.sql") },
    Migration {
        version: 5,
        name: "read_models",
        sql: include_str!("../migrations/0005_read_models.sql"),
    },
];

/// Whether to bring the schema up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Migrate {
    /// When a store is opened, the migrations that it lacks are applied.
    #[default]
    OnOpen,
    /// A schema that is not up to date is refused.
    Never,
}

/// Any number that only Annals uses: the letters `anna`.
const LOCK: i32 = 0x616e_6e61;

impl Migration {
    fn checksum(&self) -> i64 {
        xxh3_64(self.sql.as_bytes()).cast_signed()
    }
}

/// Applies the migrations that a schema lacks, and gives them.
///
/// Everything happens in one transaction under a lock, so that several processes may do it at
/// once, and a failure leaves the schema as it was.
pub(crate) async fn migrate(client: &mut Client, schema: &str) -> Result<Vec<&'static Migration>> {
    let migrating = |error| failed("migrating", error);
    let transaction = client.transaction().await.map_err(migrating)?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", &[&LOCK, &schema])
        .await
        .map_err(migrating)?;
    let schema_name = quoted(schema);
    transaction
        .batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS {schema_name}; \
             SET LOCAL search_path TO {schema_name}; \
             CREATE TABLE IF NOT EXISTS migrations (\
             version integer PRIMARY KEY, name text NOT NULL, checksum bigint NOT NULL, \
             applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        ))
        .await
        .map_err(migrating)?;
    let applied = applied(&transaction, schema).await?;
    let missing: Vec<_> = missing(&applied)?;
    for migration in &missing {
        transaction.batch_execute(migration.sql).await.map_err(migrating)?;
        transaction
            .execute(
                "INSERT INTO migrations (version, name, checksum) VALUES ($1, $2, $3)",
                &[&migration.version, &migration.name, &migration.checksum()],
            )
            .await
            .map_err(migrating)?;
    }
    transaction.commit().await.map_err(migrating)?;
    Ok(missing)
}

/// The migrations that a schema lacks, without applying them.
pub(crate) async fn pending(client: &Client, schema: &str) -> Result<Vec<&'static Migration>> {
    let table = format!("{}.migrations", quoted(schema));
    let exists: bool = client
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
        .await
        .map_err(|error| failed("looking for the store", error))?
        .get(0);
    if !exists {
        return Ok(MIGRATIONS.iter().collect());
    }
    missing(&applied(client, schema).await?)
}

/// A migration that was applied: version, name, checksum.
type Applied = (i32, String, i64);

async fn applied(client: &impl GenericClient, schema: &str) -> Result<Vec<Applied>> {
    let sql = format!(
        "SELECT version, name, checksum FROM {}.migrations ORDER BY version",
        quoted(schema)
    );
    let rows =
        client.query(&sql, &[]).await.map_err(|error| failed("reading migrations", error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// What is not applied yet.
fn missing(applied: &[Applied]) -> Result<Vec<&'static Migration>> {
    for (version, name, checksum) in applied {
        match MIGRATIONS.iter().find(|known| known.version == *version) {
            None => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!(
                        "the store was migrated to version {version} (`{name}`) by a newer \
                         program; use that one"
                    ),
                ));
            }
            Some(known) if known.checksum() != *checksum => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!(
                        "migration {version} (`{name}`) was applied in another form than this \
                         program has; use the program that applied it"
                    ),
                ));
            }
            Some(_) => {}
        }
    }
    let is_missing =
        |known: &&Migration| applied.iter().all(|(version, ..)| *version != known.version);
    Ok(MIGRATIONS.iter().filter(is_missing).collect())
}
