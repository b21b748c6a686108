//! Old events where they are projected: caught up on, followed, rebuilt, and set aside.

use std::{sync::Arc, time::Duration};

use annals::*;
use futures_lite::future::block_on;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(30);

#[derive(Event, Serialize, Deserialize, Debug, Clone)]
#[event(prefix = "bank")]
enum Money {
    #[event(version = 2)]
    Deposited {
        cents: i64,
        currency: String,
    },
    Withdrawn {
        cents: i64,
    },
}

/// Every event in a row of its own: where its record stands, which part it is, and what it says.
struct Ledger;

#[projection(name = "ledger", version = 1)]
impl Projection for Ledger {
    type Event = Money;
    type Store = Sqlite;
    const TABLES: &'static [&'static str] = &["ledger"];

    async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
        let table = tx.table("ledger");
        let columns = "position INTEGER, part INTEGER, cents INTEGER, currency TEXT";
        let sql = format!("CREATE TABLE {table} ({columns}, PRIMARY KEY (position, part))");
        Ok(tx.connection().execute_batch(&sql)?)
    }

    async fn apply(&self, event: &Recorded<Money>, tx: &mut SqliteTx) -> Result<(), BoxError> {
        let (cents, currency) = match &event.event {
            Money::Deposited { cents, currency } => (*cents, currency.as_str()),
            Money::Withdrawn { cents } => (-cents, ""),
        };
        let sql = format!("INSERT INTO {} VALUES (?1, ?2, ?3, ?4)", tx.table("ledger"));
        let position = i64::try_from(event.position().get())?;
        tx.execute(&sql, (position, event.part, cents, currency))?;
        Ok(())
    }
}

type Row = (i64, u32, i64, String);

fn rows(store: &Sqlite) -> Vec<Row> {
    let query = |connection: &rusqlite::Connection| {
        let sql = "SELECT position, part, cents, currency FROM ledger ORDER BY position, part";
        let mut query = connection.prepare(sql)?;
        let row =
            |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        query.query_map([], row)?.collect()
    };
    block_on(store.read(query)).unwrap()
}

fn row(position: i64, part: u32, cents: i64, currency: &str) -> Row {
    (position, part, cents, currency.to_owned())
}

#[derive(Default, Clone)]
struct Currency(String);

/// A rename, a split, a lift with context and a drop, one after the other.
fn rules() -> Upcasters {
    let currency = Earlier::<Currency>::new("currency", ["opened"], |seen, _, json| {
        seen.0 = json["currency"].as_str().ok_or("no currency")?.to_owned();
        Ok(())
    });
    Upcasters::new()
        .rename("Moved", "bank.moved")
        .split("bank.moved", 1, [("bank.withdrawn", 1), ("bank.deposited", 1)], |_, json| {
            let cents = json["cents"].as_i64().ok_or("no cents")?;
            let withdrawn = json!({"cents": cents});
            Ok(vec![("bank.withdrawn", withdrawn), ("bank.deposited", json)])
        })
        .lift_with(&currency, "bank.deposited", 1, |seen, _, mut json| {
            json["currency"] = seen.0.clone().into();
            Ok(json)
        })
        .drop("bank.heartbeat")
}

fn append(store: &dyn Backend, stream: &str, events: &[(&str, Value)]) -> Appended {
    let new = |(name, json): &(&str, Value)| {
        NewEvent::new(EventType::new(*name).unwrap(), json.to_string())
    };
    let stream = StreamName::new(stream).unwrap();
    let append = Append::to(stream, ExpectedVersion::Any, events.iter().map(new));
    block_on(store.append(append)).unwrap()
}

fn start(store: &Arc<dyn Backend>, sqlite: &Sqlite, rules: Upcasters, run: Run<Money>) -> Annals {
    let builder = Annals::builder().upcasters(rules).projection(Ledger, sqlite, run);
    builder.build(Arc::clone(store)).unwrap()
}

fn ledger(app: &Annals) -> ProjectionHandle {
    app.projection_named("ledger").unwrap()
}

/// Runs a test over a store in memory and over one on disk.
fn on_both(test: impl Fn(Arc<dyn Backend>, Sqlite)) {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = format!("file:{}", folder.path().join("store").display());
    for url in ["memory:", &on_disk] {
        test(block_on(annals::open(url)).unwrap(), Sqlite::in_memory().unwrap());
    }
}

/// Four records of old forms, at positions 0 to 3.
fn write_old(store: &dyn Backend) {
    let events = [
        ("opened", json!({"currency": "EUR"})),
        ("Moved", json!({"cents": 5})),
        ("bank.heartbeat", json!({})),
        ("bank.deposited", json!({"cents": 7})),
    ];
    append(store, "a-1", &events);
}

fn old_rows() -> Vec<Row> {
    vec![row(1, 0, -5, ""), row(1, 1, 5, "EUR"), row(3, 0, 7, "EUR")]
}

#[test]
fn old_events_are_projected_as_todays_also_live_and_in_a_rebuild() {
    on_both(|store, sqlite| {
        write_old(&*store);
        let app = start(&store, &sqlite, rules(), Run::background().batch(1));
        block_on(ledger(&app).fresh(LONG)).unwrap();
        assert_eq!(rows(&sqlite), old_rows());
        // An old program goes on writing.
        append(&*store, "a-2", &[("opened", json!({"currency": "CHF"}))]);
        append(&*store, "a-2", &[("Moved", json!({"cents": 1}))]);
        block_on(ledger(&app).fresh(LONG)).unwrap();
        let mut expected = old_rows();
        expected.extend([row(5, 0, -1, ""), row(5, 1, 1, "CHF")]);
        assert_eq!(rows(&sqlite), expected);
        let status = block_on(ledger(&app).status()).unwrap();
        assert_eq!((status.lag, status.errors), (Lag::default(), 0));
        let rebuilt = block_on(ledger(&app).rebuild()).unwrap();
        block_on(ledger(&app).switched(&rebuilt, LONG)).unwrap();
        assert_eq!(rows(&sqlite), expected);
        block_on(app.stop()).unwrap();
    });
}

#[test]
fn a_checkpoint_stands_after_whole_records_however_they_are_split() {
    on_both(|store, sqlite| {
        write_old(&*store);
        // A run for each batch: every start goes on after the record that was last.
        let mut expected = old_rows();
        for position in 4..10 {
            append(&*store, "a-1", &[("Moved", json!({"cents": position}))]);
            expected.extend([row(position, 0, -position, ""), row(position, 1, position, "EUR")]);
            let app = start(&store, &sqlite, rules(), Run::background().batch(1));
            block_on(ledger(&app).fresh(LONG)).unwrap();
            block_on(app.stop()).unwrap();
            assert_eq!(rows(&sqlite), expected);
        }
    });
}

#[test]
fn a_record_that_a_rule_fails_for_is_set_aside_and_retried_through_a_better_rule() {
    on_both(|store, sqlite| {
        write_old(&*store);
        append(&*store, "a-1", &[("Moved", json!({"secret": 1}))]);
        let run = || Run::background().retry(0).then_dead_letter();
        let app = start(&store, &sqlite, rules(), run());
        block_on(ledger(&app).fresh(LONG)).unwrap();
        assert_eq!(rows(&sqlite), old_rows());
        let letters = block_on(ledger(&app).dead_letters().list()).unwrap();
        assert_eq!(letters.len(), 1);
        let reason = &letters[0].reason;
        assert!(reason.contains("split of `bank.moved` version 1"), "{reason}");
        assert!(!reason.contains("secret"), "{reason}");
        block_on(app.stop()).unwrap();

        let better = Upcasters::new().rename("Moved", "bank.withdrawn");
        let app = start(&store, &sqlite, better, run());
        let still = block_on(ledger(&app).dead_letters().retry(&letters[0])).unwrap_err();
        assert_eq!(still.kind(), ErrorKind::Undecodable, "a withdrawal needs cents, too");
        block_on(app.stop()).unwrap();

        let best = Upcasters::new()
            .typed("Moved", 1, |_: Value, _| json!({"cents": 0}))
            .rename_version("Moved", 2, "bank.withdrawn", 1);
        let app = start(&store, &sqlite, best, run());
        block_on(ledger(&app).dead_letters().retry(&letters[0])).unwrap();
        assert_eq!(rows(&sqlite).last(), Some(&row(4, 0, 0, "")));
        block_on(app.stop()).unwrap();
    });
}
