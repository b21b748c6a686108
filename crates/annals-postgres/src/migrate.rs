//! Migrations: SQL files that are applied once, in order, each with a checksum.

use annals_core::{Error, ErrorKind, Result};
use tokio_postgres::{Client, GenericClient};
use xxhash_rust::xxh3::xxh3_64;

use crate::{Options, Partitions, failure::failed, partitions, sql::quoted};

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

/// The tables of a store that is begun with partitions; with them it stands in the place of the
/// first migration.
const TABLES_IN_PARTITIONS: Migration = Migration {
    version: 1,
    name: "tables_in_partitions",
    sql: concat!(
        include_str!("../migrations/0001_tables.sql"),
        include_str!("../migrations/0001_tables_in_partitions.sql")
    ),
};

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
pub(crate) async fn migrate(
    client: &mut Client,
    options: &Options,
) -> Result<Vec<&'static Migration>> {
    let schema = options.schema.as_str();
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
    let missing = lacking(&transaction, options).await?;
    let partitions = options.partitions.map(|count| count.to_string()).unwrap_or_default();
    transaction
        .execute("SELECT set_config('annals.partitions', $1, true)", &[&partitions])
        .await
        .map_err(migrating)?;
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
pub(crate) async fn pending(client: &Client, options: &Options) -> Result<Vec<&'static Migration>> {
    let table = format!("{}.migrations", quoted(&options.schema));
    let exists: bool = client
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
        .await
        .map_err(|error| failed("looking for the store", error))?
        .get(0);
    if !exists {
        return missing(&[], options.partitions);
    }
    lacking(client, options).await
}

/// What is not applied, where the table `migrations` is there.
async fn lacking(
    client: &impl GenericClient,
    options: &Options,
) -> Result<Vec<&'static Migration>> {
    let applied = applied(client, &options.schema).await?;
    let missing = missing(&applied, options.partitions)?;
    let has_tables = applied.iter().any(|(version, ..)| *version == TABLES_IN_PARTITIONS.version);
    if let (true, Some(asked)) = (has_tables, options.partitions) {
        partitions::check(client, &options.schema, asked).await?;
    }
    Ok(missing)
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
fn missing(applied: &[Applied], partitions: Option<Partitions>) -> Result<Vec<&'static Migration>> {
    for migration in applied {
        check(migration)?;
    }
    let is_missing =
        |known: &&Migration| applied.iter().all(|(version, ..)| *version != known.version);
    let in_form = |known: &'static Migration| match partitions {
        Some(_) if known.version == TABLES_IN_PARTITIONS.version => &TABLES_IN_PARTITIONS,
        _ => known,
    };
    Ok(MIGRATIONS.iter().filter(is_missing).map(in_form).collect())
}

/// Refuses a migration that this program does not have, or has in other forms only.
fn check((version, name, checksum): &Applied) -> Result<()> {
    let mut forms = MIGRATIONS
        .iter()
        .chain([&TABLES_IN_PARTITIONS])
        .filter(|known| known.version == *version)
        .peekable();
    if forms.peek().is_none() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "the store was migrated to version {version} (`{name}`) by a newer program; use \
                 that one"
            ),
        ));
    }
    if forms.any(|known| known.checksum() == *checksum) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "migration {version} (`{name}`) was applied in another form than this program has; \
             use the program that applied it"
        ),
    ))
}
