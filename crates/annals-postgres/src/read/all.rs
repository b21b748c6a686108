//! Pages of the whole store.

use annals_core::{Direction, Position, Query, RecordedEvent, Result};
use tokio_postgres::{Row, types::ToSql};

use super::{
    matching::{self, Argument},
    row,
};
use crate::{
    failure::failed,
    pool::Object,
    replicas::{Age, For},
    shared::Shared,
    sql::EVENT,
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
    let (sql, arguments) = statement(&shared.sql.schema, stretch);
    let is_remembered = stretch.query.items().len() <= ITEMS_PREPARED_MAX;
    let prepared =
        if is_remembered { client.prepare_cached(&sql).await } else { client.prepare(&sql).await };
    let prepared = prepared.map_err(reading)?;
    let (low, high) = (stored(stretch.low), stored(stretch.high));
    let limit = shared.limit(stretch.limit);
    let stored_limit = stored(limit);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&low, &high, &stored_limit];
    values.extend(arguments.iter().map(Argument::as_sql));
    let event = |row: &Row| row::event(row, 1);
    let page = shared.rows(client, &prepared, &values, limit, event).await.map_err(reading)?;
    let head = page.first.and_then(|row| number(row.get(0))).map(Position::new);
    Ok(AllPage { events: page.items, head, is_full: page.is_full })
}

/// The statement with its arguments after the stretch and the limit.
fn statement(schema: &str, stretch: &Stretch) -> (String, Vec<Argument>) {
    let order = match stretch.direction {
        Direction::Forward => "",
        Direction::Backward => " DESC",
    };
    let (source, arguments) = if stretch.query.is_all() {
        let every =
            format!("{schema}.events e WHERE e.global_position BETWEEN $1::bigint AND h.high");
        (every, Vec::new())
    } else {
        let matching = matching::positions(schema, &stretch.query, stretch.direction);
        // With `OFFSET 0` PostgreSQL looks each position up. It would walk all events in order
        // instead where that looks cheaper: in a store that was empty when the statement was
        // planned, and where each position has to be looked up in many partitions.
        let found = format!(
            "({}) AS m CROSS JOIN LATERAL (SELECT * FROM {schema}.events \
             WHERE global_position = m.p OFFSET 0) AS e",
            matching.sql
        );
        (found, matching.arguments)
    };
    let sql = format!(
        "SELECT s.head, {EVENT} FROM {schema}.store s \
         CROSS JOIN LATERAL (SELECT least($2::bigint, s.head) AS high) AS h \
         LEFT JOIN LATERAL (SELECT e.* FROM {source} \
         ORDER BY e.global_position{order} LIMIT $3::bigint) AS e ON $1::bigint <= h.high \
         ORDER BY e.global_position{order}"
    );
    (sql, arguments)
}
