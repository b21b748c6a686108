//! Old events where aggregates are loaded and decided on: what is found, and what does not move.

use std::sync::Arc;

use annals::{
    Aggregate, Annals, Append, At, Backend, Error, Event, EventType, ExpectedVersion, NewEvent,
    StateKind, StreamName, Tag, Tags, Upcasters, Version, aggregate,
};
use futures_lite::{StreamExt, future::block_on};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(prefix = "bank")]
enum BankEvent {
    Opened {
        owner: String,
    },
    #[event(version = 2)]
    Deposited {
        #[tag]
        account: String,
        cents: i64,
    },
    Withdrawn {
        #[tag]
        account: String,
        cents: i64,
    },
}

#[derive(Default, Clone, Serialize, Deserialize, Debug, PartialEq)]
struct Account {
    owner: String,
    cents: i64,
    events: Vec<String>,
}

#[aggregate(stream = "account", key = String, snapshot(every = 2))]
impl Aggregate for Account {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        match event {
            BankEvent::Opened { owner } => self.owner = owner.clone(),
            BankEvent::Deposited { cents, .. } => self.cents += cents,
            BankEvent::Withdrawn { cents, .. } => self.cents -= cents,
        }
    }
}

/// The same money, found by tag in whatever stream.
#[derive(Default, Clone, Serialize, Deserialize, Debug, PartialEq)]
struct Turnover {
    cents: i64,
}

#[aggregate(tag = "account", key = String)]
impl Aggregate for Turnover {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        match event {
            BankEvent::Opened { .. } => {}
            BankEvent::Deposited { cents, .. } | BankEvent::Withdrawn { cents, .. } => {
                self.cents += cents;
            }
        }
    }
}

fn upcasters() -> Upcasters {
    Upcasters::new()
        .rename("AccountOpened", "bank.opened")
        .lift("bank.deposited", 1, |_, json| {
            let cents = json["amount"].as_i64().ok_or("no amount")? * 100;
            Ok(json!({"account": json["account"], "cents": cents}))
        })
        .rename("Moved", "bank.moved")
        .split("bank.moved", 1, [("bank.withdrawn", 1), ("bank.deposited", 1)], |_, json| {
            let (amount, fee) = (json["amount"].as_i64().ok_or("no amount")?, 3);
            let account = &json["account"];
            Ok(vec![
                ("bank.withdrawn", json!({"account": account, "cents": fee})),
                ("bank.deposited", json!({"account": account, "amount": amount})),
            ])
        })
        .drop("bank.heartbeat")
}

fn old(event_type: &str, json: &Value) -> NewEvent {
    let tags = Tags::new([Tag::new("account:1").unwrap()]).unwrap();
    NewEvent::new(EventType::new(event_type).unwrap(), json.to_string()).with_tags(tags)
}

fn account() -> StreamName {
    StreamName::new("account-1").unwrap()
}

/// Five records of old forms, the last of them two of today's events.
async fn write_old(store: &dyn Backend) {
    let events = [
        old("AccountOpened", &json!({"owner": "Ann"})),
        old("bank.deposited", &json!({"account": "1", "amount": 5})),
        old("bank.heartbeat", &json!({})),
        old("bank.deposited", &json!({"account": "1", "amount": 1})),
        old("Moved", &json!({"account": "1", "amount": 2})),
    ];
    store.append(Append::to(account(), ExpectedVersion::NoStream, events)).await.unwrap();
}

/// Runs a test over a store in memory and over one on disk, each with the old events.
fn on_both(test: impl AsyncFn(Arc<dyn Backend>)) {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = format!("file:{}", folder.path().join("store").display());
    for url in ["memory:", &on_disk] {
        block_on(async {
            let store = annals::open(url).await.unwrap();
            write_old(&*store).await;
            test(Arc::clone(&store)).await;
            store.close().await.unwrap();
        });
    }
}

fn app(store: &Arc<dyn Backend>, upcasters: Upcasters) -> Annals {
    Annals::builder().upcasters(upcasters).build(Arc::clone(store)).unwrap()
}

#[test]
fn an_aggregate_is_loaded_from_old_events() {
    on_both(async |store| {
        let app = app(&store, upcasters());
        let root = app.load::<Account>(&"1".to_owned(), At::Latest).await.unwrap();
        assert_eq!((root.owner.as_str(), root.cents), ("Ann", 500 + 100 - 3 + 200));
        // Five records, whatever became of them.
        assert_eq!(root.version(), Some(Version::new(4)));
    });
}

#[test]
fn expected_versions_are_those_of_the_records() {
    on_both(async |store| {
        let app = app(&store, upcasters());
        let mut root = app.load::<Account>(&"1".to_owned(), At::Latest).await.unwrap();
        root.emit(&BankEvent::Withdrawn { account: "1".into(), cents: 97 }).unwrap();
        app.save(&mut root).await.unwrap();
        assert_eq!(root.version(), Some(Version::new(5)));
        let again = app.load::<Account>(&"1".to_owned(), At::Latest).await.unwrap();
        assert_eq!((again.cents, again.version()), (700, Some(Version::new(5))));
    });
}

#[test]
fn a_query_finds_events_under_their_old_names() {
    on_both(async |store| {
        let app = app(&store, upcasters());
        let root = app.load::<Turnover>(&"1".to_owned(), At::Latest).await.unwrap();
        assert_eq!(root.cents, 500 + 100 + 3 + 200);
    });
}

#[test]
fn an_append_condition_is_failed_by_an_event_under_an_old_name() {
    on_both(async |store| {
        let app = app(&store, upcasters());
        let mut root = app.load::<Turnover>(&"1".to_owned(), At::Latest).await.unwrap();
        // An old program is still writing.
        let elsewhere = StreamName::new("old-1").unwrap();
        let moved = old("Moved", &json!({"account": "1", "amount": 9}));
        store.append(Append::to(elsewhere, ExpectedVersion::Any, [moved])).await.unwrap();
        root.emit(&BankEvent::Withdrawn { account: "1".into(), cents: 1 }).unwrap();
        let error = app.save(&mut root).await.unwrap_err();
        assert!(error.condition_failed().is_some(), "{error}");
    });
}

#[test]
fn a_record_is_decoded_into_its_parts() {
    on_both(async |store| {
        let app = app(&store, upcasters());
        let records: Vec<_> =
            store.read(annals::ReadStream::new(account()).into()).try_collect().await.unwrap();
        let mut seen = Vec::new();
        for record in records {
            for event in app.decode::<BankEvent>(record).await.unwrap() {
                seen.push((event.version().get(), event.part, event.event));
            }
        }
        let (account, owner) = ("1".to_owned(), "Ann".to_owned());
        let deposited = |cents| BankEvent::Deposited { account: account.clone(), cents };
        let expected = [
            (0, 0, BankEvent::Opened { owner }),
            (1, 0, deposited(500)),
            (3, 0, deposited(100)),
            (4, 0, BankEvent::Withdrawn { account: account.clone(), cents: 3 }),
            (4, 1, deposited(200)),
        ];
        assert_eq!(seen, expected);
    });
}

#[test]
fn without_its_rule_an_old_event_is_an_error_that_says_so() {
    on_both(async |store| {
        let app = app(&store, Upcasters::new());
        let error = app.load::<Account>(&"1".to_owned(), At::Latest).await.unwrap_err();
        assert!(error.to_string().contains("upcaster"), "{error}");
    });
}

async fn snapshots(store: &dyn Backend) -> usize {
    store.states(StateKind::Snapshot, "account-1").count().await
}

#[test]
fn a_snapshot_folded_through_other_rules_is_not_used() {
    let deposit = async |app: &Annals| {
        let deposited = |cents| BankEvent::Deposited { account: "1".into(), cents };
        let mut root = app.load::<Account>(&"1".to_owned(), At::Latest).await.unwrap();
        root.emit(&deposited(1)).unwrap();
        app.save(&mut root).await.unwrap();
    };
    let cents =
        async |app: &Annals| app.load::<Account>(&"1".to_owned(), At::Latest).await.unwrap().cents;
    on_both(async |store| {
        let generous = upcasters().lift("AccountOpened", 7, |_, json| Ok(json));
        let rules = || upcasters().revision(0);
        deposit(&app(&store, rules())).await;
        assert_eq!(snapshots(&*store).await, 1);
        assert_eq!(cents(&app(&store, rules())).await, 798);
        // The same, but every old deposit is worth a tenth, which the snapshot does not know.
        let tenth = Upcasters::new()
            .rename("AccountOpened", "bank.opened")
            .lift("bank.deposited", 1, |_, json| {
                let cents = json["amount"].as_i64().ok_or("no amount")? * 10;
                Ok(json!({"account": json["account"], "cents": cents}))
            })
            .revision(1)
            .drop("Moved");
        assert_eq!(cents(&app(&store, tenth)).await, 50 + 10 + 1);
        assert_eq!(cents(&app(&store, generous)).await, 798);
    });
}

#[test]
fn an_event_of_an_old_form_is_not_written() {
    on_both(async |store| {
        let rules = upcasters().lift("bank.withdrawn", 1, |_, json| Ok(json));
        let app = app(&store, rules);
        let mut root = annals::Root::<Account>::new(&"2".to_owned()).unwrap();
        root.emit(&BankEvent::Withdrawn { account: "2".into(), cents: 1 }).unwrap();
        let error = app.save(&mut root).await.unwrap_err();
        assert!(error.to_string().contains("lift of `bank.withdrawn`"), "{error}");
    });
}

#[test]
fn an_application_with_rules_that_contradict_each_other_is_not_built() {
    let circle = Upcasters::new().rename("a", "b").rename("b", "a");
    let built: Result<Annals, Error> =
        block_on(async { Annals::builder().upcasters(circle).open("memory:").await });
    assert!(built.unwrap_err().to_string().contains("circle"));
}
