//! Documents in SQLite: a row for each, the document as JSON.

use rusqlite::{Connection, OptionalExtension};

pub(super) fn create(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE TABLE \"{table}\" (key TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL, \
         position INTEGER NOT NULL) STRICT"
    ))
}

pub(super) fn get(
    connection: &Connection,
    table: &str,
    key: &str,
) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT document FROM \"{table}\" WHERE key = ?1");
    connection.prepare_cached(&sql)?.query_row([key], |row| row.get(0)).optional()
}

pub(super) fn put(
    connection: &Connection,
    table: &str,
    key: &str,
    document: &str,
    position: i64,
) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO \"{table}\" (key, document, position) VALUES (?1, ?2, ?3) \
         ON CONFLICT (key) DO UPDATE SET document = excluded.document, position = excluded.position"
    );
    connection.prepare_cached(&sql)?.execute((key, document, position)).map(drop)
}

pub(super) fn delete(connection: &Connection, table: &str, key: &str) -> rusqlite::Result<()> {
    let sql = format!("DELETE FROM \"{table}\" WHERE key = ?1");
    connection.prepare_cached(&sql)?.execute([key]).map(drop)
}

pub(super) fn list(
    connection: &Connection,
    table: &str,
    after: Option<&str>,
    limit: u32,
) -> rusqlite::Result<Vec<(String, String)>> {
    let from = after_sql(after);
    let sql = format!("SELECT key, document FROM \"{table}\" WHERE {from} ORDER BY key LIMIT ?2");
    let mut query = connection.prepare_cached(&sql)?;
    query.query_map((after, limit), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

pub(super) fn keys(
    connection: &Connection,
    table: &str,
    after: Option<&str>,
    limit: u32,
) -> rusqlite::Result<Vec<String>> {
    let from = after_sql(after);
    let sql = format!("SELECT key FROM \"{table}\" WHERE {from} ORDER BY key LIMIT ?2");
    let mut query = connection.prepare_cached(&sql)?;
    query.query_map((after, limit), |row| row.get(0))?.collect()
}

pub(super) fn count(connection: &Connection, table: &str) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) FROM \"{table}\"");
    let count: i64 = connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// The condition on the key, for the index. Without a key the parameter is not used.
const fn after_sql(after: Option<&str>) -> &'static str {
    if after.is_some() { "key > ?1" } else { "true" }
}
