//! Process managers.

mod kill;
mod mortal;
mod restarts;
mod shop;
mod story;
mod told;
mod trouble;

use std::{collections::BTreeMap, sync::Arc};

use annals::{
    Annals, At, Backend, Builder, Category, Delivery, EventType, ManualClock, Query, QueryItem,
    ReadAll, RecordedEvent, StateExpected, StateKind, StatePut, Subscribe, SubscribeStart,
};
use futures_lite::StreamExt;

use crate::stores::{Site, block_on};
use shop::{Checkout, Order, PATIENCE, Place};

/// A store, and the clock that it and the applications on it go by.
struct World {
    backend: Arc<dyn Backend>,
    clock: Arc<ManualClock>,
    _site: Option<Site>,
}

impl World {
    fn on(site: Site) -> Self {
        let (backend, clock) = (Arc::clone(&site.backend), Arc::clone(&site.clock));
        Self { backend, clock, _site: Some(site) }
    }

    /// A look at a store of somebody else.
    fn open(backend: &Arc<dyn Backend>) -> Self {
        Self { backend: Arc::clone(backend), clock: Arc::default(), _site: None }
    }

    fn memory() -> Self {
        Self::on(Site::memory())
    }

    fn durable() -> Self {
        Self::on(Site::durable())
    }

    fn each() -> impl Iterator<Item = Self> {
        Site::each().into_iter().map(Self::on)
    }

    /// Removes all state of a kind.
    fn forget(&self, kind: StateKind) {
        let entries: Vec<_> = block_on(self.backend.states(kind, "").try_collect()).unwrap();
        for entry in entries {
            let put = StatePut { key: entry.key, expected: StateExpected::Any, value: None };
            block_on(self.backend.put_state(put)).unwrap();
        }
    }

    fn app(&self) -> Annals {
        self.app_on(Arc::clone(&self.backend))
    }

    fn builder(&self) -> Builder {
        Annals::builder().clock(Arc::clone(&self.clock) as _)
    }

    fn app_on(&self, backend: Arc<dyn Backend>) -> Annals {
        self.builder().process::<Checkout>().build(backend).unwrap()
    }

    /// An order is placed, by somebody else.
    fn place(&self, order: u64, cents: u64) {
        let shop = Annals::new(Arc::clone(&self.backend));
        block_on(shop.execute(Place { order, cents }).by("ann")).unwrap();
    }

    fn wait(&self, time: std::time::Duration) {
        self.clock.advance_micros(time.as_micros() as i64);
    }

    fn lose_patience(&self) {
        self.wait(PATIENCE);
    }

    fn state(&self, order: u64) -> String {
        let shop = Annals::new(Arc::clone(&self.backend));
        block_on(shop.load::<Order>(&order, At::Latest)).unwrap().state.clone()
    }

    fn all(&self, query: Query) -> Vec<RecordedEvent> {
        block_on(self.backend.read(ReadAll::new(query).into()).try_collect()).unwrap()
    }

    /// Waits until an event of a type is there.
    fn wait_for(&self, event_type: &'static str) -> RecordedEvent {
        let query = QueryItem::types([EventType::new(event_type).unwrap()]);
        let query = Query::any_of([query]).unwrap();
        let events = self.backend.subscribe(Subscribe::all(query, SubscribeStart::Beginning));
        let mut events = events.filter_map(|delivery| match delivery.unwrap() {
            Delivery::Event(record) => Some(record),
            _ => None,
        });
        block_on(events.next()).unwrap()
    }

    /// How often each thing happened, in all streams of a category.
    fn tally(&self, category: &'static str) -> BTreeMap<String, usize> {
        let query = QueryItem::category(Category::new(category).unwrap());
        let mut tally = BTreeMap::new();
        for record in self.all(Query::any_of([query]).unwrap()) {
            *tally.entry(what(&record)).or_default() += 1;
        }
        tally
    }
}

/// What an event says, without what may differ from run to run.
fn what(record: &RecordedEvent) -> String {
    let data: serde_json::Value = serde_json::from_slice(&record.data).unwrap();
    let stream = &record.stream;
    match record.event_type.as_str() {
        "annals.process.reacted" => format!("{stream} took {}", data["input"]["type"]),
        "annals.process.answered" => {
            let outcome = data["outcome"].as_object().unwrap().keys().next().unwrap();
            format!("{stream} {} {outcome}", data["command"])
        }
        other => format!("{stream} {other}"),
    }
}

fn settle(app: &Annals) {
    block_on(app.processes().settled()).unwrap();
}

fn stop(app: &Annals) {
    block_on(app.stop()).unwrap();
}
