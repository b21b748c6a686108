//! The read side: a table of balances and one of entries, kept in SQLite.

use annals::{BoxError, Projection, Recorded, Sqlite, SqliteTx, projection};

use crate::account::BankEvent::{self, *};

pub(crate) struct Balances;

#[projection(name = "balances", version = 1)]
impl Projection for Balances {
    type Event = BankEvent;
    type Store = Sqlite;
    const TABLES: &'static [&'static str] = &["balances", "entries"];

    async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
        let (balances, entries) = (tx.table("balances"), tx.table("entries"));
        tx.connection().execute_batch(&format!(
            "CREATE TABLE {balances} (account TEXT PRIMARY KEY, owner, cents INTEGER, updated_at);
             CREATE TABLE {entries} (account, version, kind, cents, PRIMARY KEY (account, version))"
        ))?;
        Ok(())
    }

    async fn apply(&self, event: &Recorded<BankEvent>, tx: &mut SqliteTx) -> Result<(), BoxError> {
        let (account, kind, change) = match &event.event {
            Opened { account, owner, cents } => {
                let sql = format!("INSERT INTO {} VALUES (?, ?, 0, '')", tx.table("balances"));
                tx.execute(&sql, (account, owner))?;
                (account, "credit", *cents as i64)
            }
            Deposited { account, cents } => (account, "credit", *cents as i64),
            Withdrawn { account, cents } => (account, "debit", -(*cents as i64)),
            Closed { .. } => return Ok(()),
        };
        let sql = format!("INSERT INTO {} VALUES (?, ?, ?, ?)", tx.table("entries"));
        tx.execute(&sql, (account, event.version().get() as i64, kind, change.abs()))?;
        let sql = format!(
            "UPDATE {} SET cents = cents + ?, updated_at = ? WHERE account = ?",
            tx.table("balances")
        );
        tx.execute(&sql, (change, event.time().to_string(), account))?;
        Ok(())
    }
}

/// Who owns an account, and what is on it.
pub(crate) async fn balance(read: &Sqlite, account: &str) -> annals::Result<(String, i64)> {
    let account = account.to_owned();
    read.read(move |sql| {
        let query = "SELECT owner, cents FROM balances WHERE account = ?";
        sql.query_row(query, [account], |row| Ok((row.get(0)?, row.get(1)?)))
    })
    .await
}

/// What came to an account and what went, oldest first.
pub(crate) async fn entries(read: &Sqlite, account: &str) -> annals::Result<Vec<(String, i64)>> {
    let account = account.to_owned();
    read.read(move |sql| {
        let query = "SELECT kind, cents FROM entries WHERE account = ? ORDER BY version";
        let mut select = sql.prepare(query)?;
        let rows = select.query_map([account], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    })
    .await
}
