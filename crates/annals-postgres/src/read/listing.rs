//! Names of streams and keyed state, page by page.

use std::sync::Arc;

use annals_core::{
    BoxFuture, BoxStream, Category, Name, Position, Result, StateEntry, StateKey, StateKind,
    StoreInfo, StreamName,
};
use bytes::Bytes;
use bytestring::ByteString;
use futures_lite::stream;
use tokio_postgres::{Row, types::ToSql};

use crate::{
    failure::failed,
    shared::{Shared, no_store},
    values::{Time, number, stored},
};

/// Names on a page.
const NAMES: i64 = 2_000;
/// Pieces of state on a page.
const ENTRIES: u64 = 512;

/// Gives out page after page. `page` gives the items after a place, and the place that the next
/// page follows.
pub(crate) fn paged<T, P>(
    first: P,
    page: impl Fn(P) -> BoxFuture<'static, Result<(Vec<T>, Option<P>)>> + Send + Sync + 'static,
) -> BoxStream<'static, Result<T>>
where
    T: Send + 'static,
    P: Send + 'static,
{
    let page = Arc::new(page);
    let begin = (Vec::new().into_iter(), Some(first));
    Box::pin(stream::unfold(Some(begin), move |state| {
        let page = Arc::clone(&page);
        async move {
            let (mut items, mut next) = state?;
            loop {
                if let Some(item) = items.next() {
                    return Some((Ok(item), Some((items, next))));
                }
                match page(next.take()?).await {
                    Ok((more, after)) => (items, next) = (more.into_iter(), after),
                    Err(error) => return Some((Err(error), None)),
                }
            }
        }
    }))
}

/// The position of the newest event.
pub(crate) async fn head(shared: &Shared) -> Result<Option<Position>> {
    let reading = |error| failed("asking for the head", error);
    let client = shared.reader().await?;
    let prepared = client.prepare_cached(&shared.sql.head).await.map_err(reading)?;
    let row = client.query_opt(&prepared, &[]).await.map_err(reading)?.ok_or_else(no_store)?;
    let head = number(row.get(0)).map(Position::new);
    if let Some(head) = head {
        shared.advance(head);
    }
    Ok(head)
}

/// The next names after a position, and where the page after them begins; `None` at the end.
pub(crate) async fn streams(
    shared: &Shared,
    category: Option<&Category>,
    after: i64,
) -> Result<(Vec<StreamName>, Option<i64>)> {
    let reading = |error| failed("listing streams", error);
    let client = shared.reader().await?;
    let prepared = client.prepare_cached(&shared.sql.streams).await.map_err(reading)?;
    let category = category.map(Category::as_str);
    let rows = client.query(&prepared, &[&after, &category, &NAMES]).await.map_err(reading)?;
    let name = |row: &Row| StreamName::from_stored(ByteString::from(row.get::<_, &str>(0)));
    let is_full = rows.len() == usize::try_from(NAMES).unwrap_or_default();
    let next = rows.last().filter(|_| is_full).map(|row| row.get(1));
    Ok((rows.iter().map(name).collect(), next))
}

/// A piece of state.
pub(crate) async fn state(shared: &Shared, key: &StateKey) -> Result<Option<StateEntry>> {
    let reading = |error| failed("reading state", error);
    let client = shared.reader().await?;
    let prepared = client.prepare_cached(&shared.sql.state).await.map_err(reading)?;
    let row = client
        .query_opt(&prepared, &[&key.kind.as_str(), &key.name.as_str()])
        .await
        .map_err(reading)?;
    Ok(row.map(|row| entry(key.clone(), &row)))
}

/// The next pieces of state of a kind after a name, and the name that the page after them follows.
pub(crate) async fn states(
    shared: &Shared,
    kind: StateKind,
    prefix: &str,
    after: Option<Name>,
) -> Result<(Vec<StateEntry>, Option<Option<Name>>)> {
    let reading = |error| failed("listing state", error);
    let client = shared.reader().await?;
    let prepared = client.prepare_cached(&shared.sql.states).await.map_err(reading)?;
    let after = after.as_ref().map(Name::as_str);
    let values: [&(dyn ToSql + Sync); 4] = [&kind.as_str(), &prefix, &after, &stored(ENTRIES)];
    let read = |row: &Row| {
        let name = Name::from_stored(ByteString::from(row.get::<_, &str>(3)));
        Ok(Some(entry(StateKey { kind, name }, row)))
    };
    let page = shared.rows(client, &prepared, &values, ENTRIES, read).await.map_err(reading)?;
    let entries = page.items;
    let next = entries.last().filter(|_| page.is_full).map(|entry| Some(entry.key.name.clone()));
    Ok((entries, next))
}

fn entry(key: StateKey, row: &Row) -> StateEntry {
    let Time(recorded_at) = row.get(2);
    StateEntry {
        key,
        revision: number(row.get(1)).unwrap_or_default(),
        value: Bytes::copy_from_slice(row.get(0)),
        recorded_at,
    }
}

/// The size and state of the store.
pub(crate) async fn info(shared: &Shared) -> Result<StoreInfo> {
    let reading = |error| failed("looking at the store", error);
    let client = shared.reader().await?;
    let prepared = client.prepare_cached(&shared.sql.info).await.map_err(reading)?;
    let table = format!("{}.store", shared.sql.schema);
    let row = client.query_one(&prepared, &[&table]).await.map_err(reading)?;
    let head = number(row.get(0));
    Ok(StoreInfo {
        backend: "postgres",
        store_id: Some(row.get(2)),
        events: head.map_or(0, |head| head + 1),
        streams: number(row.get(1)).unwrap_or_default(),
        head: head.map(Position::new),
        revision: number(row.get(4)).unwrap_or_default(),
        bytes: row.get::<_, Option<i64>>(3).and_then(number),
        segments: None,
    })
}
