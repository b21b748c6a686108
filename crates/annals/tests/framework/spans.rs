//! The spans of the steps, as a collecting subscriber sees them.

use std::{cell::RefCell, collections::BTreeMap, fmt::Debug, sync::Once};

use annals::*;
use serde::{Deserialize, Serialize};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context as LayerContext, prelude::*, registry::LookupSpan};

use crate::{
    bank::*,
    stores::{block_on, on_each_store},
};

type Fields = BTreeMap<&'static str, String>;

thread_local! {
    /// The fields of every span of this thread, in the order in which they began, while a test
    /// wants them.
    static SPANS: RefCell<Option<Vec<(Id, Fields)>>> = const { RefCell::new(None) };
}

/// Collects spans for whichever thread wants them. There is one for the whole program: whether a
/// place in the code is interesting to anybody is remembered by `tracing` for all threads at once,
/// so subscribers that come and go with tests would disturb each other.
struct Collector;

/// Runs a test that wants its spans.
fn collecting(test: impl FnOnce()) {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Collector);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    SPANS.set(Some(Vec::new()));
    test();
    SPANS.set(None);
}

/// The spans since the last time this was asked: names and fields.
fn spans() -> Vec<Fields> {
    let spans = SPANS.with_borrow_mut(|spans| spans.as_mut().map(std::mem::take));
    spans.unwrap_or_default().into_iter().map(|(_, fields)| fields).collect()
}

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: LayerContext<'_, S>) {
        if attributes.metadata().target() != "annals" {
            return;
        }
        let mut fields = Fields::from([("span", attributes.metadata().name().to_owned())]);
        attributes.record(&mut Into(&mut fields));
        SPANS.with_borrow_mut(|spans| {
            if let Some(spans) = spans {
                spans.push((id.clone(), fields));
            }
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: LayerContext<'_, S>) {
        SPANS.with_borrow_mut(|spans| {
            let known = spans.iter_mut().flatten().rev().find(|(other, _)| other == id);
            if let Some((_, fields)) = known {
                values.record(&mut Into(fields));
            }
        });
    }
}

/// What a span says under these names.
fn said<'a>(span: &'a Fields, names: &[&str]) -> Vec<&'a str> {
    names.iter().map(|&name| span.get::<str>(name).map_or("", String::as_str)).collect()
}

/// An account that keeps a snapshot at once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Saved(Account);

#[aggregate(stream = "account", key = String, snapshot(every = 1))]
impl Aggregate for Saved {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        take(&mut self.0, event);
    }
}

#[test]
fn a_command_leaves_a_span_for_each_step() {
    on_each_store(|site| {
        collecting(|| {
            let app = site.app();
            let open = app.transact(&"ann".into(), |state: &mut Changes<'_, Saved>| {
                state.emit(Opened { owner: "Ann".into() }).emit(Deposited { cents: 1 });
                Ok::<_, BankError>(())
            });
            block_on(open).unwrap();
            let spans = spans();
            let names: Vec<_> =
                spans.iter().map(|span| said(span, &["span", "otel.name"])).collect();
            let expected = ["load", "decide", "append", "snapshot"];
            let expected: Vec<_> =
                expected.map(|name| vec![name.to_owned(), format!("{name} account")]).to_vec();
            assert_eq!(names, expected);
            let common = [
                "db.system.name",
                "db.collection.name",
                "annals.stream",
                "error.type",
                "otel.status_code",
            ];
            for span in &spans {
                assert_eq!(said(span, &common), ["annals", "account", "account-ann", "", ""]);
                assert_eq!(span["span"], span["db.operation.name"]);
            }
            let append = [
                "otel.kind",
                "db.operation.batch.size",
                "annals.expected_version",
                "annals.position",
            ];
            assert_eq!(said(&spans[2], &append), ["client", "2", "no stream", "1"]);
            assert_eq!(said(&spans[1], &append), ["internal", "2", "", ""]);
            assert_eq!(spans[3]["annals.position"], "1");

            block_on(site.app().load::<Saved>(&"ann".into(), At::Latest)).unwrap();
            assert_eq!(self::spans()[0]["annals.snapshot"], "used");
        });
    });
}

#[test]
fn errors_are_noted_on_the_span_of_the_step_that_failed() {
    on_each_store(|site| {
        let spy = crate::spy::Spy::on(&site.backend);
        collecting(|| {
            let app = site.app_on(spy.clone());
            block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
            spans();
            let errors = || -> Vec<(String, String)> {
                let failed =
                    |span: &Fields| Some((span["span"].clone(), span.get("error.type")?.clone()));
                spans().iter().filter_map(failed).collect()
            };
            let error = |span: &str, kind: &str| vec![(span.to_owned(), kind.to_owned())];

            block_on(app.execute(Withdraw { id: "ann", cents: 1 })).unwrap_err();
            assert_eq!(errors(), error("decide", "rejected"));

            let panicking = app.transact(&"ann".into(), |_: &mut Changes<'_, Account>| {
                let nothing: Result<(), BankError> = Err(BankError::NotOpen);
                assert!(nothing.is_ok(), "on purpose");
                nothing
            });
            block_on(panicking).unwrap_err();
            assert_eq!(errors(), error("decide", "application"));

            spy.before_append(|backend| deposit_behind(backend, "ann", 1));
            let at_zero = app.execute(Deposit { id: "ann", cents: 1 }).expect(Some(Version::FIRST));
            block_on(at_zero).unwrap_err();
            assert_eq!(errors(), error("append", "wrong_expected_version"));
            spy.before_append(|_| {});

            let (stream, expected) = (account("ann"), ExpectedVersion::Any);
            let delete = DeleteStream { stream, expected, mode: DeleteMode::Tombstone };
            block_on(site.backend.delete_stream(delete)).unwrap();
            block_on(app.load::<Account>(&"ann".into(), At::Latest)).unwrap_err();
            assert_eq!(errors(), error("load", "stream_deleted"));
        });
    });
}
