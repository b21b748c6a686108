//! Rules that look at earlier events of the stream: what they see, and how often they read.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use annals::{
    Annals, Append, Backend, Earlier, ErrorKind, Event, EventType, ExpectedVersion, NewEvent, Read,
    ReadAll, RecordedEvent, StreamName, Upcasters,
};
use futures_lite::{StreamExt, future::block_on};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{shown, stored};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Money {
    #[event(version = 2)]
    Deposited { cents: i64, currency: String },
}

#[derive(Default, Clone)]
struct Currency(String);

/// A deposit gets the currency that was last set before it. Counts the events that the fold sees.
fn rules(folded: &Arc<AtomicUsize>) -> Upcasters {
    let folded = Arc::clone(folded);
    let types = ["opened", "currency-changed"];
    let currency = Earlier::<Currency>::new("currency", types, move |seen, _, json| {
        folded.fetch_add(1, Ordering::Relaxed);
        seen.0 = json["currency"].as_str().ok_or("no currency")?.to_owned();
        Ok(())
    });
    Upcasters::new().rename("Deposited", "deposited").lift_with(
        &currency,
        "deposited",
        1,
        |seen, _, mut json| {
            json["currency"] = seen.0.clone().into();
            Ok(json)
        },
    )
}

fn new(event_type: &str, json: &Value) -> NewEvent {
    NewEvent::new(EventType::new(event_type).unwrap(), json.to_string())
}

async fn write(store: &dyn Backend, stream: &str, events: Vec<NewEvent>) {
    let stream = StreamName::new(stream).unwrap();
    store.append(Append::to(stream, ExpectedVersion::Any, events)).await.unwrap();
}

async fn all(store: &dyn Backend) -> Vec<RecordedEvent> {
    let read = Read::All(ReadAll::new(annals::Query::all()));
    store.read(read).try_collect().await.unwrap()
}

async fn currency_of(app: &Annals, record: RecordedEvent) -> Option<String> {
    let decoded = app.decode::<Money>(record).await.unwrap();
    let Money::Deposited { currency, .. } = decoded.into_iter().next()?.event;
    Some(currency)
}

/// A stream whose currency changes after every `each` deposits.
fn changing(changes: usize, each: usize) -> Vec<NewEvent> {
    let mut events = vec![new("opened", &json!({"currency": "c0"}))];
    for change in 1..=changes {
        events.extend((0..each).map(|_| new("Deposited", &json!({"cents": 1}))));
        let changed = json!({"currency": format!("c{change}")});
        events.push(new("currency-changed", &changed));
    }
    events
}

fn app(store: &Arc<dyn Backend>, folded: &Arc<AtomicUsize>) -> Annals {
    Annals::builder().upcasters(rules(folded)).build(Arc::clone(store)).unwrap()
}

#[test]
fn a_rule_sees_what_came_before_in_its_own_stream() {
    block_on(async {
        let store = annals::open("memory:").await.unwrap();
        write(&*store, "a-1", changing(2, 2)).await;
        write(&*store, "a-2", vec![new("deposited", &json!({"cents": 1}))]).await;
        let app = app(&store, &Arc::default());
        let mut seen = Vec::new();
        for record in all(&*store).await {
            seen.extend(currency_of(&app, record).await);
        }
        assert_eq!(seen, ["c0", "c0", "c1", "c1", ""]);
    });
}

#[test]
fn a_sequential_read_folds_each_event_once() {
    block_on(async {
        let store = annals::open("memory:").await.unwrap();
        write(&*store, "a-1", changing(500, 2)).await;
        let folded = Arc::default();
        let app = app(&store, &folded);
        for record in all(&*store).await {
            currency_of(&app, record).await;
        }
        let folded = folded.load(Ordering::Relaxed);
        assert!(folded <= 501, "501 events were folded {folded} times");
    });
}

#[test]
fn any_order_of_reading_gives_the_same() {
    block_on(async {
        let store = annals::open("memory:").await.unwrap();
        write(&*store, "a-1", changing(200, 1)).await;
        let app = app(&store, &Arc::default());
        let mut deposits = all(&*store).await;
        deposits.retain(|record| record.event_type.as_str() == "Deposited");
        let expected: Vec<String> = (0..200).map(|at| format!("c{at}")).collect();
        // Forward, backward, and in leaps: 7 has no divisor in common with 200.
        let orders: [Vec<usize>; 3] = [
            (0..200).collect(),
            (0..200).rev().collect(),
            (0..200).map(|step| step * 7 % 200).collect(),
        ];
        for at in orders.into_iter().flatten() {
            let seen = currency_of(&app, deposits[at].clone()).await;
            assert_eq!(seen.as_ref(), expected.get(at));
        }
    });
}

#[test]
fn what_is_written_later_is_seen() {
    block_on(async {
        let store = annals::open("memory:").await.unwrap();
        let app = app(&store, &Arc::default());
        for round in 0..5 {
            let currency = format!("c{round}");
            let events = vec![
                new("currency-changed", &json!({"currency": currency})),
                new("deposited", &json!({"cents": 1})),
            ];
            write(&*store, "a-1", events).await;
            let last = all(&*store).await.pop().unwrap();
            assert_eq!(currency_of(&app, last).await, Some(currency));
        }
    });
}

#[test]
fn nothing_is_read_for_events_that_no_such_rule_is_for() {
    block_on(async {
        let store = annals::open("memory:").await.unwrap();
        let today = json!({"cents": 1, "currency": "EUR"});
        let event = NewEvent { schema_version: 2, ..new("deposited", &today) };
        write(&*store, "a-1", vec![new("opened", &json!({})), event]).await;
        let folded = Arc::default();
        let app = app(&store, &folded);
        let last = all(&*store).await.pop().unwrap();
        assert_eq!(currency_of(&app, last).await.as_deref(), Some("EUR"));
        assert_eq!(folded.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn a_context_that_fails_is_an_error_that_names_it() {
    block_on(async {
        let store = annals::open("memory:").await.unwrap();
        let events = vec![new("opened", &json!({"pin": "secret"})), new("Deposited", &json!({}))];
        write(&*store, "a-1", events).await;
        let app = app(&store, &Arc::default());
        let last = all(&*store).await.pop().unwrap();
        let error = app.decode::<Money>(last).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable);
        let text = format!("{error} {error:?}");
        assert!(text.contains("context `currency`") && !text.contains("secret"), "{text}");
    });
}

#[test]
fn a_context_that_fails_later_does_not_hinder_what_came_before() {
    block_on(async {
        let store = annals::open("memory:").await.unwrap();
        let events = vec![
            new("opened", &json!({"currency": "EUR"})),
            new("deposited", &json!({"cents": 1})),
            new("currency-changed", &json!({})),
        ];
        write(&*store, "a-1", events).await;
        let app = app(&store, &Arc::default());
        let second = all(&*store).await.remove(1);
        assert_eq!(currency_of(&app, second).await.as_deref(), Some("EUR"));
    });
}

#[test]
fn rules_with_context_are_tested_without_a_store() {
    let upcasters = rules(&Arc::default());
    let earlier = [stored("opened", 1, &json!({"currency": "CHF"})), stored("x", 1, &json!(1))];
    let record = stored("Deposited", 1, &json!({"cents": 1}));
    let events = upcasters.upcast(&earlier, &record).unwrap();
    let (_, version, data) = shown(&events[0]);
    assert_eq!((version, data), (2, json!({"cents": 1, "currency": "CHF"})));
}
