//! The event bus: many subscribers, each at its own pace, none missing anything.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    thread,
};

use annals::*;
use futures_lite::StreamExt;
use serde::{Deserialize, Serialize};

use crate::stores::{block_on, on_each_store};

const WRITERS: u64 = 8;
const EVENTS: u64 = 25;
const SUBSCRIBERS: usize = 50;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(prefix = "bus")]
enum BusEvent {
    Said { writer: u64, number: u64 },
}

fn say(backend: &dyn Backend, writer: u64, number: u64) -> Position {
    let event = BusEvent::Said { writer, number };
    let new = NewEvent::new(EventType::new(event.schema().name).unwrap(), event.encode().unwrap());
    let stream = StreamName::new(format!("bus-{writer}")).unwrap();
    let append = Append::to(stream, ExpectedVersion::Any, [new]);
    block_on(backend.append(append)).unwrap().position.unwrap()
}

/// Takes as many events and checks that each writer's are complete and in order.
fn take_all(events: &mut Subscription<BusEvent>) {
    let mut next = BTreeMap::<u64, u64>::new();
    let mut last = None;
    for _ in 0..WRITERS * EVENTS {
        let event = block_on(events.try_next()).unwrap().unwrap();
        assert!(last < Some(event.position()), "out of order");
        last = Some(event.position());
        let BusEvent::Said { writer, number } = event.event;
        let expected = next.entry(writer).or_default();
        assert_eq!(number, *expected);
        *expected += 1;
    }
}

#[test]
fn fifty_subscribers_get_what_eight_writers_say_also_a_slow_one() {
    on_each_store(|site| {
        let app = site.app();
        let (go, slow) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let mut others = Vec::new();
            for _ in 1..SUBSCRIBERS {
                let mut events = app.subscribe::<BusEvent>();
                others.push(scope.spawn(move || take_all(&mut events)));
            }
            let mut events = app.subscribe::<BusEvent>();
            let held = scope.spawn(move || {
                // It takes one event and no other until all the others have everything.
                let BusEvent::Said { number, .. } =
                    block_on(events.try_next()).unwrap().unwrap().event;
                assert_eq!(number, 0);
                slow.recv().unwrap();
                let rest = block_on(events.take((WRITERS * EVENTS - 1) as usize).count());
                assert_eq!(rest as u64, WRITERS * EVENTS - 1);
            });
            for writer in 0..WRITERS {
                let backend = &site.backend;
                scope.spawn(move || {
                    for number in 0..EVENTS {
                        say(&**backend, writer, number);
                    }
                });
            }
            for other in others {
                other.join().unwrap();
            }
            assert!(!held.is_finished());
            go.send(()).unwrap();
        });
    });
}

#[test]
fn a_subscription_begins_where_it_is_told_to() {
    on_each_store(|site| {
        let app = site.app();
        let positions: Vec<_> = (0..4).map(|number| say(&*site.backend, 0, number)).collect();
        let first = |events: Subscription<BusEvent>| {
            let BusEvent::Said { number, .. } =
                block_on(events.take(1).try_next()).unwrap().unwrap().event;
            number
        };
        let mut live = app.subscribe::<BusEvent>();
        assert_eq!(first(app.subscribe().from(Start::Beginning)), 0);
        assert_eq!(first(app.subscribe().from(Start::After(positions[1]))), 2);
        say(&*site.backend, 1, 4);
        let event = block_on(live.try_next()).unwrap().unwrap();
        assert_eq!(event.event, BusEvent::Said { writer: 1, number: 4 });
        let stream = QueryItem {
            streams: vec![StreamSelector::Stream(StreamName::new("bus-1").unwrap())],
            ..QueryItem::default()
        };
        let only = Query::any_of([stream]).unwrap();
        assert_eq!(first(app.subscribe().from(Start::Beginning).matching(only)), 4);
    });
}

#[test]
fn marks_tell_the_past_from_what_is_new() {
    on_each_store(|site| {
        let app = site.app();
        say(&*site.backend, 0, 0);
        let mut notices = app.subscribe::<BusEvent>().from(Start::Beginning).marks();
        let next = |notices: &mut Marked<BusEvent>| block_on(notices.try_next()).unwrap().unwrap();
        assert!(matches!(next(&mut notices), Notice::Event(_)));
        let caught_up = Notice::CaughtUp { position: Some(Position::new(0)) };
        assert_eq!(next(&mut notices), caught_up);
        say(&*site.backend, 0, 1);
        assert!(matches!(next(&mut notices), Notice::Event(_)));
    });
}

#[test]
fn an_event_that_cannot_be_decoded_is_an_error_and_the_rest_goes_on() {
    on_each_store(|site| {
        let app = site.app();
        let mut events = app.subscribe::<BusEvent>();
        let bad = NewEvent::new(EventType::new(BusEvent::TYPES[0].name).unwrap(), "{");
        let stream = StreamName::new("bus-9").unwrap();
        block_on(site.backend.append(Append::to(stream, ExpectedVersion::Any, [bad]))).unwrap();
        say(&*site.backend, 0, 1);
        let error = block_on(events.try_next()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable);
        assert!(block_on(events.try_next()).unwrap().is_some());
    });
}

#[test]
fn subscribers_that_leave_or_panic_disturb_no_other() {
    on_each_store(|site| {
        let app = site.app();
        let mut staying = app.subscribe::<BusEvent>();
        let mut leaving = app.subscribe::<BusEvent>();
        let (tell, told) = mpsc::channel();
        let panicking = app
            .on::<BusEvent>("panicking", move |event| {
                let BusEvent::Said { number, .. } = event.event;
                assert!(number != 1, "not this one");
                tell.send(number).unwrap();
            })
            .unwrap();
        say(&*site.backend, 0, 0);
        assert!(block_on(leaving.try_next()).unwrap().is_some());
        drop(leaving);
        for number in 1..4 {
            say(&*site.backend, 0, number);
        }
        let numbers: Vec<_> = told.iter().take(3).collect();
        assert_eq!((numbers, panicking.failures()), (vec![0, 2, 3], 1));
        for number in 0..4 {
            let event = block_on(staying.try_next()).unwrap().unwrap();
            assert_eq!(event.event, BusEvent::Said { writer: 0, number });
        }
        panicking.stop();
        say(&*site.backend, 0, 4);
        assert!(told.recv().is_err(), "it was told of an event after its end");
    });
}

#[test]
fn a_closed_store_ends_subscriptions_and_handlers() {
    on_each_store(|site| {
        let app = site.app();
        let mut events = app.subscribe::<BusEvent>();
        let heard = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let hearing = Arc::clone(&heard);
        let listener = app
            .on::<BusEvent>("closing", move |_| {
                hearing.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            })
            .unwrap();
        say(&*site.backend, 0, 0);
        assert!(block_on(events.next()).is_some());
        block_on(site.backend.close()).unwrap();
        assert!(block_on(events.next()).is_none());
        listener.join();
        assert!(heard.load(std::sync::atomic::Ordering::SeqCst) <= 1);
    });
}
