//! The limit of bulk appends: `COPY` into the tables of ours, of bytes that are ready before the
//! clock runs.

use std::time::{SystemTime, UNIX_EPOCH};

use annals_core::Append;
use bytes::Bytes;
use futures_util::SinkExt;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Transaction};

use super::{
    copy_columns::{EVENT_COLUMNS, EVENTS, Line, TAG_COLUMNS, TAGS},
    events::events_of,
    server::{connect, open_ours},
};
use crate::{
    contest::store::{Deed, Store, Work},
    problem::Result,
};

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: [u8; 2] = (-1_i16).to_be_bytes();
/// Seconds from 1970 to 2000.
const EPOCH_SECONDS: i64 = 946_684_800;

pub(super) struct Copy {
    client: Mutex<Client>,
    /// The position of the next event.
    next: std::sync::atomic::AtomicI64,
}

/// What is sent for an append.
struct Rows {
    events: Bytes,
    tags: Bytes,
    count: u64,
}

impl Copy {
    /// Ours makes the tables.
    pub(super) async fn create(url: &str) -> Result<Self> {
        open_ours(url).await?.close().await?;
        Ok(Self { client: Mutex::new(connect(url).await?), next: 0.into() })
    }

    fn rows(&self, append: Append) -> Result<Rows> {
        let lines = events_of(append)?;
        let count = i64::try_from(lines.len())?;
        let first = self.next.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
        let created_at = micros_since_2000()?;
        let (mut events, mut tags) = (HEADER.to_vec(), HEADER.to_vec());
        for (position, event) in (first..).zip(&lines) {
            let line = Line { position, event, created_at };
            put_fields(&mut events, EVENT_COLUMNS.map(|(_, put)| put), |put, out| put(&line, out))?;
            for tag in &event.event.tags {
                put_fields(&mut tags, TAG_COLUMNS.map(|(_, put)| put), |put, out| {
                    put(tag, position, out);
                })?;
            }
        }
        events.extend(END);
        tags.extend(END);
        Ok(Rows { events: events.into(), tags: tags.into(), count: lines.len() as u64 })
    }
}

/// A row: how many fields, then each with its length in front.
fn put_fields<P, const COUNT: usize>(
    out: &mut Vec<u8>,
    puts: [P; COUNT],
    put: impl Fn(P, &mut Vec<u8>),
) -> Result<()> {
    out.extend(i16::try_from(COUNT)?.to_be_bytes());
    let mut field = Vec::new();
    for each in puts {
        field.clear();
        put(each, &mut field);
        out.extend(i32::try_from(field.len())?.to_be_bytes());
        out.extend_from_slice(&field);
    }
    Ok(())
}

fn micros_since_2000() -> Result<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(now.as_micros())? - EPOCH_SECONDS * 1_000_000)
}

fn statement(table: &str, columns: impl IntoIterator<Item = &'static str>) -> String {
    let columns: Vec<_> = columns.into_iter().collect();
    format!("COPY {table} ({}) FROM STDIN (FORMAT binary)", columns.join(", "))
}

async fn send(transaction: &Transaction<'_>, statement: &str, rows: Bytes) -> Result<u64> {
    let mut sink = std::pin::pin!(transaction.copy_in(statement).await?);
    sink.send(rows).await?;
    Ok(sink.finish().await?)
}

impl Store for Copy {
    fn name(&self) -> &'static str {
        "`COPY`"
    }

    fn target(&self, _: Deed) -> Option<f64> {
        Some(0.5)
    }

    fn lacks(&self, deed: Deed) -> Option<&'static str> {
        (deed != Deed::Bulk).then_some("it only writes")
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        let Rows { events, tags, count } = self.rows(append)?;
        let into_events = statement(EVENTS, EVENT_COLUMNS.map(|(name, _)| name));
        let into_tags = statement(TAGS, TAG_COLUMNS.map(|(name, _)| name));
        Ok(Box::pin(async move {
            let mut client = self.client.lock().await;
            let transaction = client.transaction().await?;
            let copied = send(&transaction, &into_events, events).await?;
            send(&transaction, &into_tags, tags).await?;
            transaction.commit().await?;
            if copied == count { Ok(count) } else { Err(format!("{copied} were copied").into()) }
        }))
    }
}
