//! The rows of a page, bounded by their number and by their bytes.
//!
//! The number that is asked for follows from the size of the events that were read lately. Where
//! they turn out much larger, the page is cut short and its connection given up: that is rare,
//! and the other way, sizes in every statement, would cost every read a third of its time.

use std::{
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
};

use futures_lite::StreamExt;
use tokio_postgres::{Row, Statement, types::ToSql};

use crate::{pool::Object, shared::Shared};

/// Bytes that a page should have at most.
const BYTES_WANTED: u64 = 1024 * 1024;
/// Bytes after which a page is cut short.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Rows on a page, however small they are.
pub(crate) const ROWS_MAX: u64 = 4_096;
/// Rows on the first page of a read, which may be the only one that is wanted.
pub(crate) const ROWS_FIRST: u64 = 1_024;

/// A page.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    /// The first row, which may have no item.
    pub(crate) first: Option<Row>,
    pub(crate) items: Vec<T>,
    /// Whether there may be more.
    pub(crate) is_full: bool,
}

/// The bytes of a row, as they were lately.
#[derive(Debug, Default)]
pub(crate) struct RowBytes(AtomicU64);

impl RowBytes {
    /// How many rows to ask for.
    fn rows(&self) -> u64 {
        let bytes = std::cmp::max(self.0.load(Ordering::Relaxed), 1);
        (BYTES_WANTED / bytes).clamp(1, ROWS_MAX)
    }

    /// Takes in the size of a page.
    fn note(&self, rows: u64, bytes: u64) {
        let (Some(now), before) = (bytes.checked_div(rows), self.0.load(Ordering::Relaxed)) else {
            return;
        };
        // Growing at once, shrinking slowly: too few rows only cost a round trip.
        self.0.store(std::cmp::max(now, (before * 7 + now) / 8), Ordering::Relaxed);
    }
}

impl Shared {
    /// How many rows to ask for, of those that are wanted.
    pub(crate) fn limit(&self, wanted: u64) -> u64 {
        std::cmp::min(wanted, self.row_bytes.rows())
    }

    /// The rows of a query that asks for `limit` of them, each read as it arrives, while the server
    /// makes those behind it.
    pub(crate) async fn rows<T>(
        &self,
        client: Object,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
        limit: u64,
        mut read: impl FnMut(&Row) -> Result<Option<T>, tokio_postgres::Error>,
    ) -> Result<Rows<T>, tokio_postgres::Error> {
        let _expected = client.expect(1);
        let asked = client.client().query_raw(statement, values.iter().copied()).await?;
        let mut stream = pin!(asked);
        let mut page = Rows { first: None, items: Vec::new(), is_full: false };
        let mut bytes = 0;
        while let Some(row) = stream.next().await {
            let row = row?;
            bytes += row.raw_size_bytes() as u64;
            page.items.extend(read(&row)?);
            page.first.get_or_insert(row);
            page.is_full = page.items.len() as u64 >= limit;
            if bytes > BYTES_MAX && !page.is_full {
                // Dropped with its connection, which would have to read all the rest.
                drop(Object::take(client));
                page.is_full = true;
                break;
            }
        }
        self.row_bytes.note(page.items.len() as u64, bytes);
        Ok(page)
    }
}
