//! The read side: a table of orders with customer, total and status.

use annals::{BoxError, Projection, Recorded, Sqlite, SqliteTx, projection};

use crate::order::OrderEvent::{self, *};

pub(crate) struct Summaries;

#[projection(name = "orders", version = 1)]
impl Projection for Summaries {
    type Event = OrderEvent;
    type Store = Sqlite;
    const TABLES: &'static [&'static str] = &["orders"];

    async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
        let orders = tx.table("orders");
        let sql =
            format!("CREATE TABLE {orders} (id INTEGER PRIMARY KEY, customer, cents, status)");
        tx.execute(&sql, ())?;
        Ok(())
    }

    async fn apply(&self, event: &Recorded<OrderEvent>, tx: &mut SqliteTx) -> Result<(), BoxError> {
        let orders = tx.table("orders");
        let (order, status) = match &event.event {
            Placed { order, customer, cents } => {
                let sql = format!("INSERT INTO {orders} VALUES (?, ?, ?, 'placed')");
                tx.execute(&sql, (*order as i64, customer, *cents as i64))?;
                return Ok(());
            }
            Shipped { order } => (order, String::from("shipped")),
            Cancelled { order, why } => (order, format!("cancelled: {why}")),
        };
        let sql = format!("UPDATE {orders} SET status = ? WHERE id = ?");
        tx.execute(&sql, (status, *order as i64))?;
        Ok(())
    }
}

/// Customer, total and status of every order.
pub(crate) async fn all(read: &Sqlite) -> annals::Result<Vec<(String, i64, String)>> {
    read.read(|sql| {
        let mut select = sql.prepare("SELECT customer, cents, status FROM orders ORDER BY id")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect()
    })
    .await
}
