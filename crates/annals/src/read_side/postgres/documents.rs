//! Documents in PostgreSQL: a row for each, the document as JSON. Tables are named in full.

use annals_core::Result;
use annals_postgres::Transaction;

use super::failure::strange;

pub(super) async fn create(tx: &mut Transaction, table: &str) -> Result<()> {
    tx.batch(&format!(
        "CREATE TABLE {table} (key text COLLATE \"C\" NOT NULL PRIMARY KEY, \
         document json NOT NULL, position bigint NOT NULL)"
    ))
    .await
}

pub(super) async fn get(tx: &mut Transaction, table: &str, key: &str) -> Result<Option<String>> {
    let sql = format!("SELECT document::text FROM {table} WHERE key = $1");
    let rows = tx.query(&sql, &[&key]).await?;
    rows.first().map(|row| row.try_get(0)).transpose().map_err(strange)
}

pub(super) async fn put(
    tx: &mut Transaction,
    table: &str,
    key: &str,
    document: &str,
    position: i64,
) -> Result<()> {
    let sql = format!(
        "INSERT INTO {table} (key, document, position) VALUES ($1, $2::text::json, $3) \
         ON CONFLICT (key) DO UPDATE SET document = excluded.document, position = excluded.position"
    );
    tx.execute(&sql, &[&key, &document, &position]).await.map(drop)
}

pub(super) async fn delete(tx: &mut Transaction, table: &str, key: &str) -> Result<()> {
    tx.execute(&format!("DELETE FROM {table} WHERE key = $1"), &[&key]).await.map(drop)
}

pub(super) async fn list(
    tx: &mut Transaction,
    table: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, String)>> {
    let sql = format!(
        "SELECT key, document::text FROM {table} WHERE $1::text IS NULL OR key > $1 \
         ORDER BY key LIMIT $2"
    );
    let rows = tx.query(&sql, &[&after, &i64::from(limit)]).await?;
    let pair = |row: &annals_postgres::tokio_postgres::Row| {
        Ok((row.try_get(0).map_err(strange)?, row.try_get(1).map_err(strange)?))
    };
    rows.iter().map(pair).collect()
}

pub(super) async fn keys(
    tx: &mut Transaction,
    table: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>> {
    let sql =
        format!("SELECT key FROM {table} WHERE $1::text IS NULL OR key > $1 ORDER BY key LIMIT $2");
    let rows = tx.query(&sql, &[&after, &i64::from(limit)]).await?;
    rows.iter().map(|row| row.try_get(0).map_err(strange)).collect()
}

pub(super) async fn count(tx: &mut Transaction, table: &str) -> Result<u64> {
    let rows = tx.query(&format!("SELECT count(*) FROM {table}"), &[]).await?;
    let count = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose().map_err(strange)?;
    Ok(count.unwrap_or_default().cast_unsigned())
}
