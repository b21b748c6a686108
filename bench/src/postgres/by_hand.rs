//! What a careful programmer writes without a library: one table, one `INSERT` for each event, and
//! a unique constraint against two writers of one version.
//!
//! Data is handed over and taken as the bytes it is, so that nothing is spent on JSON.

use std::{error::Error, sync::Arc, time::SystemTime};

use annals_core::{Append, StreamName};
use bytes::BytesMut;
use futures_util::TryStreamExt;
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked},
};

use super::{
    by_hand_pool::{Connection, Pool},
    events::{Event, events_of},
    server::connect,
};
use crate::{
    contest::store::{Deed, Store, Work},
    problem::Result,
};

/// Read at a time while catching up.
const PAGE: i64 = 1_000;

const TABLE: &str = "CREATE TABLE events (
    id bigserial PRIMARY KEY,
    stream_id text NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    data json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (stream_id, version)
)";

#[derive(Clone)]
pub(super) struct ByHand(Arc<Pool>);

impl ByHand {
    pub(super) async fn create(url: &str, connections: u32) -> Result<Self> {
        connect(url).await?.batch_execute(TABLE).await?;
        Ok(Self(Arc::new(Pool::open(url, connections).await?)))
    }
}

/// JSON as it is.
#[derive(Debug)]
struct Json<'a>(&'a [u8]);

impl ToSql for Json<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0);
        Ok(IsNull::No)
    }

    accepts!(JSON);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    accepts!(JSON);
}

/// Takes every column out of a row.
fn touch(row: &Row) -> Result<i64> {
    let data: Json<'_> = row.try_get("data")?;
    let version: i64 = row.try_get("version")?;
    let kind: String = row.try_get("type")?;
    let created_at: SystemTime = row.try_get("created_at")?;
    std::hint::black_box((data.0.to_vec(), version, kind, created_at));
    Ok(row.try_get("id")?)
}

fn touch_with_stream(row: &Row) -> Result<i64> {
    let stream: String = row.try_get("stream_id")?;
    std::hint::black_box(stream);
    touch(row)
}

async fn insert(connection: &mut Connection, events: &[Event]) -> Result<u64> {
    let Connection { client, insert, .. } = connection;
    let transaction = client.transaction().await?;
    for Event { stream, version, event } in events {
        let (kind, data) = (event.event_type.as_str(), Json(&event.data));
        transaction.execute(&*insert, &[stream, version, &kind, &data]).await?;
    }
    transaction.commit().await?;
    Ok(events.len() as u64)
}

impl Store for ByHand {
    fn name(&self) -> &'static str {
        "`INSERT` loop"
    }

    fn lacks(&self, deed: Deed) -> Option<&'static str> {
        match deed {
            Deed::ReadTag | Deed::Condition => Some("its table has no tags"),
            Deed::Live => Some("its users ask again and again"),
            _ => None,
        }
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        let events = events_of(append)?;
        Ok(Box::pin(async move { insert(self.0.lend().await?.get()?, &events).await }))
    }

    fn load(&self, stream: &StreamName) -> Work<'_> {
        let stream = stream.to_string();
        Box::pin(async move {
            let mut lent = self.0.lend().await?;
            let Connection { client, load, .. } = lent.get()?;
            let rows = client.query(&*load, &[&stream]).await?;
            for row in &rows {
                touch(row)?;
            }
            Ok(rows.len() as u64)
        })
    }

    fn read_all(&self) -> Work<'_> {
        Box::pin(async move {
            let mut lent = self.0.lend().await?;
            let Connection { client, all, .. } = lent.get()?;
            let none: [i64; 0] = [];
            let mut rows = std::pin::pin!(client.query_raw(&*all, none).await?);
            let mut count = 0;
            while let Some(row) = rows.try_next().await? {
                touch_with_stream(&row)?;
                count += 1;
            }
            Ok(count)
        })
    }

    fn catch_up(&self, _events: u64) -> Work<'_> {
        Box::pin(async move {
            let mut lent = self.0.lend().await?;
            let Connection { client, page, .. } = lent.get()?;
            let (mut last, mut count) = (0, 0);
            loop {
                let rows = client.query(&*page, &[&last, &PAGE]).await?;
                for row in &rows {
                    last = touch_with_stream(row)?;
                }
                count += rows.len() as u64;
                if rows.is_empty() {
                    return Ok(count);
                }
            }
        })
    }
}

/// The least there can be for one event: a single statement, which is a transaction by itself.
pub(super) struct OneInsert(pub(super) ByHand);

impl Store for OneInsert {
    fn name(&self) -> &'static str {
        "one `INSERT` by itself"
    }

    fn target(&self, _: Deed) -> Option<f64> {
        None
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        let mut events = events_of(append)?;
        // The table is that of the loop, so the streams are others.
        events.iter_mut().for_each(|event| event.stream.insert_str(0, "one-"));
        let ByHand(pool) = &self.0;
        Ok(Box::pin(async move {
            let [Event { stream, version, event }] = events.as_slice() else {
                return Err("one statement is for one event".into());
            };
            let mut lent = pool.lend().await?;
            let Connection { client, insert, .. } = lent.get()?;
            let (kind, data) = (event.event_type.as_str(), Json(&event.data));
            Ok(client.execute(&*insert, &[stream, version, &kind, &data]).await?)
        }))
    }
}
