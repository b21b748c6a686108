//! Invoice numbers without gaps: decided on the last event of a type, wherever it is.

use std::{num::NonZeroU32, thread};

use annals::*;
use serde::{Deserialize, Serialize};

use crate::{
    spy::Spy,
    stores::{all_events, block_on, day, on_each_store},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(name = "invoice.created")]
struct InvoiceCreated {
    #[tag("invoice")]
    number: u64,
    cents: u64,
}

/// The number that was given last.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct InvoiceNumber(u64);

#[aggregate(types = "invoice", key = &'static str, needs = "last")]
impl Aggregate for InvoiceNumber {
    type Event = InvoiceCreated;

    fn apply(&mut self, event: &InvoiceCreated) {
        self.0 = event.number;
    }
}

/// All the money ever billed: every event of a type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Billed {
    cents: u64,
    invoices: u64,
}

#[aggregate(types = "billed", key = &'static str, snapshot(every = 4))]
impl Aggregate for Billed {
    type Event = InvoiceCreated;

    fn apply(&mut self, event: &InvoiceCreated) {
        self.cents += event.cents;
        self.invoices += 1;
    }
}

fn create(app: &Annals, cents: u64) -> u64 {
    let attempts = NonZeroU32::new(10_000).expect("not zero");
    let decide = move |state: &mut Changes<'_, InvoiceNumber>| {
        let number = state.0 + 1;
        state.emit(InvoiceCreated { number, cents });
        Ok::<_, std::convert::Infallible>(number)
    };
    block_on(app.transact(&"all", decide).attempts(attempts)).unwrap().output
}

fn create_many(app: &Annals, count: usize) {
    for _ in 0..count {
        create(app, 1);
    }
}

fn numbers(backend: &dyn Backend) -> Vec<u64> {
    let number = |event: RecordedEvent| {
        let created: InvoiceCreated = serde_json::from_slice(&event.data).unwrap();
        created.number
    };
    all_events(backend).into_iter().map(number).collect()
}

#[test]
fn invoices_are_numbered_from_one() {
    on_each_store(|site| {
        assert_eq!(create(&site.app(), 5), 1);
        let app = site.app();
        assert_eq!(create(&app, 5), 2);
        assert_eq!(create(&app, 5), 3);
    });
}

#[test]
fn two_who_create_at_once_get_different_numbers() {
    on_each_store(|site| {
        let spy = Spy::on(&site.backend);
        let other = site.app();
        let mut once = true;
        spy.before_append(move |_| {
            if std::mem::take(&mut once) {
                assert_eq!(create(&other, 5), 1);
            }
        });
        assert_eq!(create(&site.app_on(spy), 5), 2);
    });
}

#[test]
fn racing_threads_leave_no_gap() {
    on_each_store(|site| {
        let app = site.app();
        thread::scope(|scope| {
            for _ in 0..8 {
                let app = app.clone();
                scope.spawn(move || create_many(&app, 12));
            }
        });
        assert_eq!(numbers(site.backend.as_ref()), (1..=96).collect::<Vec<_>>());
    });
}

#[test]
fn only_the_last_event_is_read() {
    on_each_store(|site| {
        let spy = Spy::on(&site.backend);
        let app = site.app_on(spy.clone());
        create_many(&app, 20);
        spy.take_reads();
        assert_eq!(create(&app, 1), 21);
        let reads = spy.take_reads();
        let limits: Vec<_> = reads
            .iter()
            .map(|read| match read {
                Read::All(read) => (read.direction, read.limit),
                Read::Stream(_) => panic!("a stream was read"),
            })
            .collect();
        assert_eq!(limits, [(Direction::Backward, Some(1))]);
    });
}

#[test]
fn the_last_event_of_a_past_moment_is_found_as_well() {
    on_each_store(|site| {
        let app = site.app();
        for _ in 0..5 {
            create(&app, 1);
            site.clock.advance_micros(crate::stores::DAY_MICROS);
        }
        let number = |at| block_on(app.load::<InvoiceNumber>(&"all", at)).unwrap().0;
        assert_eq!(number(At::Position(Position::new(2))), 3);
        assert_eq!(number(At::Position(Position::new(99))), 5);
        assert_eq!(number(At::Recorded(day(1))), 2);
        assert_eq!(number(At::Time(day(3))), 4);
        assert_eq!(number(At::Time(day(-1))), 0);
        let version = block_on(app.load::<InvoiceNumber>(&"all", At::Version(Version::FIRST)));
        assert_eq!(version.unwrap_err().kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn the_last_event_and_all_events_are_decided_on_together() {
    on_each_store(|site| {
        let app = site.app();
        for cents in 1..=10 {
            let decide = move |state: &mut Changes<'_, (Billed, InvoiceNumber)>| {
                let number = state.1.0 + 1;
                state.emit_to(1, InvoiceCreated { number, cents });
                Ok::<_, std::convert::Infallible>((state.0.cents, state.0.invoices, state.1.0))
            };
            let done = block_on(site.app().transact(&("all", "all"), decide)).unwrap();
            assert_eq!(done.output, (cents * (cents + 1) / 2, cents, cents));
        }
        // Alone, with a snapshot.
        for _ in 0..5 {
            let decide = |state: &mut Changes<'_, Billed>| {
                state.emit(InvoiceCreated { number: state.invoices + 1, cents: 1 });
                Ok::<_, std::convert::Infallible>(())
            };
            block_on(app.transact(&"all", decide)).unwrap();
        }
        let spy = Spy::on(&site.backend);
        let billed = block_on(site.app_on(spy.clone()).load::<Billed>(&"all", At::Latest)).unwrap();
        assert_eq!((billed.cents, billed.invoices), (60, 15));
        let Some(Read::All(read)) = spy.take_reads().pop() else {
            panic!("the store was not read")
        };
        assert!(read.from.is_some(), "the snapshot was not used");
    });
}
