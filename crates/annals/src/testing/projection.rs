//! Tests of projections: the same events in several ways, which must all give the same tables.

use std::ops::Range;

use annals_core::{Query, Read, ReadAll, StreamName};
use futures_lite::{StreamExt, future::block_on};
use rusqlite::{Connection, types::Value};

use super::{Given, given_nothing, must, side_by_side};
use crate::{
    Event, Model, ModelInfo, Projection, ReadStore, ReadTx, Recorded, Sqlite, SqliteTx, Timestamp,
    Upcasters,
};

/// A projection under test.
///
/// What was given is applied five times into empty tables: each event in a transaction of its
/// own, then in batches of several, of three, of three each of which is begun, rolled back and
/// begun again as after a crash, and all at once. A projection whose tables differ afterwards
/// keeps something outside of them, or depends on where a transaction ends.
///
/// ```
/// use annals::{testing::projection, *};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[event(name = "deposited")]
/// struct Deposited {
///     account: String,
///     cents: i64,
/// }
///
/// struct Balances;
///
/// #[annals::projection(name = "balances", version = 1)]
/// impl Projection for Balances {
///     type Event = Deposited;
///     type Store = Sqlite;
///     const TABLES: &'static [&'static str] = &["balances"];
///
///     async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
///         let table = tx.table("balances");
///         tx.execute(&format!("CREATE TABLE {table} (account TEXT PRIMARY KEY, cents INTEGER)"), [])?;
///         Ok(())
///     }
///
///     async fn apply(&self, event: &Recorded<Deposited>, tx: &mut SqliteTx) -> Result<(), BoxError> {
///         let sql = format!(
///             "INSERT INTO {} VALUES (?1, ?2) ON CONFLICT DO UPDATE SET cents = cents + excluded.cents",
///             tx.table("balances")
///         );
///         tx.execute(&sql, (&event.account, event.cents))?;
///         Ok(())
///     }
/// }
///
/// projection(Balances)
///     .given([
///         Deposited { account: "ann".into(), cents: 100 },
///         Deposited { account: "ann".into(), cents: 30 },
///     ])
///     .then(|sqlite| {
///         let cents = sqlite.query_row("SELECT cents FROM balances", [], |row| row.get(0));
///         assert_eq!(cents, Ok(130));
///     });
/// ```
pub fn projection<P: Projection<Store = Sqlite>>(projection: P) -> GivenProjection<P> {
    GivenProjection { projection, given: given_nothing() }
}

/// A projection with the events it is given.
#[derive(Debug)]
#[must_use = "nothing is tested until something is looked at"]
pub struct GivenProjection<P> {
    projection: P,
    given: Given,
}

/// How the events are divided into transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// At most this many in each.
    Batches(usize),
    /// At most this many in each, and each is rolled back once and made again.
    Redelivered(usize),
}

/// The first is what the others are compared with.
const WAYS: [(Way, &str); 5] = [
    (Way::Batches(1), "one by one"),
    (Way::Batches(2), "in batches of 2"),
    (Way::Batches(3), "in batches of 3"),
    (Way::Redelivered(3), "in batches of 3 that are rolled back and made again"),
    (Way::Batches(usize::MAX), "all at once"),
];

impl<P: Projection<Store = Sqlite>> GivenProjection<P> {
    /// These events happened, in a stream of their own.
    #[track_caller]
    pub fn given<E: Event>(self, events: impl IntoIterator<Item = E>) -> Self {
        Self { given: self.given.and(events), ..self }
    }

    /// These events happened in a stream of this name.
    #[track_caller]
    pub fn given_in<E: Event>(self, stream: &str, events: impl IntoIterator<Item = E>) -> Self {
        Self { given: self.given.and_in(stream, events), ..self }
    }

    /// These events happened at a time.
    #[track_caller]
    pub fn given_at<E: Event>(self, time: Timestamp, events: impl IntoIterator<Item = E>) -> Self {
        Self { given: self.given.and_at(time, events), ..self }
    }

    /// Events are read through these upcasters.
    pub fn upcasters(self, upcasters: &Upcasters) -> Self {
        Self { given: self.given.upcasters(upcasters), ..self }
    }

    /// Look at the tables, under the names that queries use.
    ///
    /// # Panics
    /// When the projection fails, when its tables depend on how the events are divided into
    /// transactions, and as `look` does.
    #[track_caller]
    pub fn then(self, look: impl FnOnce(&Connection)) {
        let events = self.events();
        let sqlite = must("a database in memory", Sqlite::in_memory());
        let mut first: Option<Vec<String>> = None;
        for ((way, words), generation) in WAYS.into_iter().zip(0..) {
            let info = info::<P>(generation);
            must(&format!("applied {words}"), block_on(self.apply(&sqlite, &info, &events, way)));
            let rows = must("reading the tables", block_on(dump(&sqlite, &info)));
            match &first {
                None => first = Some(rows),
                Some(first) => assert!(
                    *first == rows,
                    "applied {words}, the tables differ from when each event was applied by \
                     itself (expected)\n{}",
                    side_by_side::table(first, &rows, String::clone)
                ),
            }
        }
        let tx = must("looking at the tables", block_on(sqlite.look()));
        look(tx.connection());
    }

    #[track_caller]
    fn events(&self) -> Vec<Recorded<P::Event>> {
        let app = self.given.clone().recorded(|_| StreamName::new("test-1").ok());
        let read = Read::All(ReadAll::new(Query::all()));
        let records: Vec<_> =
            must("what was given", block_on(app.backend().read(read).try_collect()));
        let decode = |record| must("what was given", block_on(app.decode::<P::Event>(record)));
        records.into_iter().flat_map(decode).collect()
    }

    async fn apply(
        &self,
        sqlite: &Sqlite,
        info: &ModelInfo,
        events: &[Recorded<P::Event>],
        way: Way,
    ) -> Result<(), crate::BoxError> {
        let mut tx = sqlite.begin().await?;
        tx.use_model(&info.model);
        tx.add_model(info).await?;
        self.projection.create(&mut tx).await?;
        if info.model.generation == 0 {
            tx.set_live(info).await?;
        }
        tx.commit().await?;
        let (size, times) = match way {
            Way::Batches(size) => (size, 1),
            Way::Redelivered(size) => (size, 2),
        };
        for batch in events.chunks(size) {
            for time in 1..=times {
                let mut tx = sqlite.begin().await?;
                tx.use_model(&info.model);
                for event in batch {
                    self.projection.apply(event, &mut tx).await?;
                }
                self.projection.finish(&mut tx).await?;
                if time == times { tx.commit().await? } else { tx.rollback().await? }
            }
        }
        Ok(())
    }
}

fn info<P: Projection>(generation: u32) -> ModelInfo {
    let (projection, version) = (P::NAME.to_owned(), P::VERSION);
    ModelInfo {
        model: Model { projection, version, generation },
        event_store: None,
        partitions: 1,
        fingerprint: P::FINGERPRINT,
        is_built: false,
        is_live: false,
        tables: P::TABLES.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// Every row of every table, sorted, as text.
async fn dump(sqlite: &Sqlite, info: &ModelInfo) -> Result<Vec<String>, crate::BoxError> {
    let tx: SqliteTx = sqlite.look().await?;
    let mut rows = Vec::new();
    for name in &info.tables {
        let sql = format!("SELECT * FROM \"{}\"", info.model.table(name));
        let mut statement = tx.connection().prepare(&sql)?;
        let columns = statement.column_count();
        let shown = statement.query_map([], |row| {
            let cells: Vec<Value> = cells(0..columns, row)?;
            Ok(format!("{name} {cells:?}"))
        })?;
        for row in shown {
            rows.push(row?);
        }
    }
    rows.sort();
    Ok(rows)
}

fn cells(columns: Range<usize>, row: &rusqlite::Row<'_>) -> rusqlite::Result<Vec<Value>> {
    columns.map(|column| row.get(column)).collect()
}
