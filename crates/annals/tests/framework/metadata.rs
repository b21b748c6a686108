//! Who acted and why: what commands leave in the metadata of events.

use annals::*;
use serde_json::{Value, json};

use crate::{
    bank::*,
    stores::{Site, all_events, block_on, on_each_store},
};

fn metadata(site: &Site) -> Vec<(RecordedEvent, Value)> {
    let events = all_events(site.backend.as_ref()).into_iter();
    let parsed = |event: &RecordedEvent| serde_json::from_slice(event.metadata.as_bytes());
    events.map(|event| (event.clone(), parsed(&event).unwrap_or_default())).collect()
}

#[test]
fn who_and_why_are_stored_and_flow_on_through_a_cause() {
    on_each_store(|site| {
        let app = site.app();
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = Context {
            traceparent: Some(trace.into()),
            ..Context::new().by("ann").correlation("order-7").note("channel", "web")
        };
        block_on(app.execute(Open { id: "ann", owner: "Ann" }).context(context)).unwrap();
        let (opened, stored) = metadata(&site).remove(0);
        assert_eq!(
            stored,
            json!({
                "$correlationId": "order-7", "userId": "ann", "traceparent": trace, "channel": "web"
            })
        );
        assert_eq!(opened.metadata.correlation().map(AsRef::as_ref), Some("order-7"));

        let cause = Recorded { event: (), record: opened.clone(), part: 0 };
        let deposit = app.execute(Deposit { id: "ann", cents: 5 }).cause(&cause).by("robot");
        block_on(deposit).unwrap();
        let (deposited, stored) = metadata(&site).remove(1);
        assert_eq!(
            stored,
            json!({
                "$correlationId": "order-7", "$causationId": opened.id.to_string(),
                "userId": "robot", "traceparent": trace
            })
        );

        // Through the handle, for everything done with it; a cause of its own wins.
        let cause = Recorded { event: (), record: deposited.clone(), part: 0 };
        let chained = app.with(Context::new().cause(&cause));
        block_on(chained.execute(Deposit { id: "ann", cents: 5 })).unwrap();
        let stored = metadata(&site).remove(2).1;
        assert_eq!(stored["$causationId"], deposited.id.to_string());
        assert_eq!(stored["$correlationId"], "order-7");
        assert_eq!(stored["userId"], "robot");
    });
}

#[test]
fn a_cause_without_correlation_begins_one() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        let (opened, stored) = metadata(&site).remove(0);
        assert_eq!((stored, opened.metadata.as_bytes().len()), (Value::Null, 0));
        let cause = Recorded { event: (), record: opened.clone(), part: 0 };
        block_on(app.execute(Deposit { id: "ann", cents: 5 }).cause(&cause)).unwrap();
        let (deposited, stored) = metadata(&site).remove(1);
        assert_eq!(stored["$correlationId"], opened.id.to_string());
        let found = Query::any_of([QueryItem {
            correlation: deposited.metadata.correlation().cloned(),
            ..QueryItem::default()
        }]);
        assert!(found.unwrap().matches(&deposited));
    });
}

#[test]
fn every_event_of_a_transfer_says_who() {
    on_each_store(|site| {
        let app = site.app().with(Context::new().by("ann").note("branch", 7));
        let mut root = block_on(app.load::<Account>(&"ann".into(), At::Latest)).unwrap();
        root.emit(&Opened { owner: "Ann".into() }).unwrap();
        root.emit(&Deposited { cents: 5 }).unwrap();
        block_on(app.save(&mut root)).unwrap();
        let transfer = Transfer { from: "ann".into(), to: "bob".into(), cents: 5 };
        block_on(app.execute(transfer).by("bob")).unwrap();
        let users: Vec<Value> = metadata(&site).into_iter().map(|(_, stored)| stored).collect();
        let by = |user| json!({ "userId": user, "branch": 7 });
        assert_eq!(users, [by("ann"), by("ann"), by("bob"), by("bob")]);
    });
}

#[test]
fn the_trace_of_the_current_span_goes_along() {
    on_each_store(|site| {
        let app = Annals::builder().traceparent(|| Some("00-1-2-01".into()));
        let app = app.build(site.backend.clone()).unwrap();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        assert_eq!(metadata(&site).remove(0).1, json!({ "traceparent": "00-1-2-01" }));
    });
}

#[test]
fn a_correlation_too_long_for_the_index_is_kept_all_the_same() {
    on_each_store(|site| {
        let app = site.app();
        let long = "c".repeat(limits::CORRELATION_BYTES_MAX + 1);
        let context = Context::new().correlation(long.clone());
        block_on(app.execute(Open { id: "ann", owner: "Ann" }).context(context)).unwrap();
        let (event, stored) = metadata(&site).remove(0);
        assert_eq!(stored["$correlationId"], long);
        assert_eq!(event.metadata.correlation(), None);
    });
}
