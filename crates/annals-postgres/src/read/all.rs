//! Pages of the whole store.

use std::borrow::Cow;

use annals_core::{Direction, Position, Query, RecordedEvent, Result};
use tokio_postgres::{Row, types::ToSql};

use super::{
    matching::{self, Argument},
    row::Events,
};
use crate::{
    failure::failed,
    pool::Object,
    replicas::{Age, For},
    shared::{Shared, no_store},
    sql::{Sql, head_and_events},
    values::{number, stored},
};

/// What to read.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) query: Query,
    pub(crate) direction: Direction,
    /// The lowest and the highest position, both included.
    pub(crate) low: u64,
    pub(crate) high: u64,
    /// At most this many events.
    pub(crate) limit: u64,
}

/// A page, and the newest position of the store when it was read.
#[derive(Debug)]
pub(crate) struct AllPage {
    pub(crate) events: Vec<RecordedEvent>,
    pub(crate) head: Option<Position>,
    /// Whether the page ended before the stretch may have.
    pub(crate) is_full: bool,
}

/// Queries of more items are not worth remembering.
const ITEMS_PREPARED_MAX: usize = 8;

/// Reads a page, from a replica where that will do.
pub(crate) async fn page(shared: &Shared, stretch: &Stretch, purpose: For) -> Result<AllPage> {
    let age = |page: &AllPage| Age { head: page.head, is_full: page.is_full };
    shared.page(purpose, |client| page_on(shared, client, stretch), age).await
}

/// Reads a page in one look, so that the events and the head belong together.
async fn page_on(shared: &Shared, client: Object, stretch: &Stretch) -> Result<AllPage> {
    let reading = |error| failed("reading events", error);
    let (sql, arguments) = statement(&shared.sql, stretch);
    let is_remembered = stretch.query.items().len() <= ITEMS_PREPARED_MAX;
    let prepared =
        if is_remembered { client.prepare_cached(&sql).await } else { client.prepare(&sql).await };
    let prepared = prepared.map_err(reading)?;
    let (low, high) = (stored(stretch.low), stored(stretch.high));
    let limit = shared.limit(stretch.limit);
    let stored_limit = stored(limit);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&low, &high, &stored_limit];
    values.extend(arguments.iter().map(Argument::as_sql));
    let mut events = Events::default();
    let event = |row: &Row| events.take(row, 1);
    let page = shared.rows(client, &prepared, &values, limit, event).await.map_err(reading)?;
    let first = page.first.ok_or_else(no_store)?;
    let head = first.get::<_, Option<i64>>(0).and_then(number).map(Position::new);
    Ok(AllPage { events: page.items, head, is_full: page.is_full })
}

/// The statement with its arguments after the stretch and the limit.
fn statement<'s>(sql: &'s Sql, stretch: &Stretch) -> (Cow<'s, str>, Vec<Argument>) {
    if stretch.query.is_all() {
        let every = match stretch.direction {
            Direction::Forward => &sql.read_all_forward,
            Direction::Backward => &sql.read_all_backward,
        };
        return (every.into(), Vec::new());
    }
    let s = &sql.schema;
    let matching = matching::positions(s, &stretch.query, stretch.direction);
    // With `OFFSET 0` PostgreSQL looks each position up. It would walk all events in order instead
    // where that looks cheaper: in a store that was empty when the statement was planned, and where
    // each position has to be looked up in many partitions.
    let source = format!(
        "({}) AS m CROSS JOIN LATERAL (SELECT * FROM {s}.events \
         WHERE global_position = m.p OFFSET 0) AS e",
        matching.sql
    );
    (head_and_events(s, &source, stretch.direction).into(), matching.arguments)
}
