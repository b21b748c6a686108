//! A server whose positions have gaps, as those of a KurrentDB do, and which lets a read of all
//! begin only where an event stands: what is read from any place is what the contract says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;

use std::sync::Arc;

use annals_core::{
    Backend, Category, Delivery, Direction, Error, ErrorKind, Position, Query, QueryItem, Read,
    ReadAll, RecordedEvent, Result, Subscribe, SubscribeStart,
};
use annals_kurrentdb::{KurrentDb, Options};
use fake::Fake;
use futures_lite::{StreamExt, future::block_on};

/// Where events stand, and in which streams.
const EVENTS: [(u64, &str); 5] =
    [(37, "a-1"), (120, "$users"), (260, "a-2"), (300, "$$a-1"), (911, "b-1")];

/// The positions that a read of all gives.
const SHOWN: [u64; 4] = [37, 260, 300, 911];

fn store(fake: &Fake) -> Arc<dyn Backend> {
    Arc::new(block_on(KurrentDb::open(&fake.url(), Options::default())).unwrap())
}

fn read(store: &Arc<dyn Backend>, read: ReadAll) -> Result<Vec<u64>> {
    let events: Vec<RecordedEvent> = block_on(store.read(Read::All(read)).try_collect())?;
    Ok(events.iter().map(|event| event.position.get()).collect())
}

fn from(place: u64) -> ReadAll {
    ReadAll::new(Query::all()).from(Position::new(place))
}

#[test]
fn a_read_begins_with_the_event_at_its_place_in_both_directions() {
    let fake = Fake::start(&EVENTS);
    let store = store(&fake);
    assert_eq!(read(&store, ReadAll::new(Query::all())).unwrap(), SHOWN);
    for (index, at) in SHOWN.iter().enumerate() {
        assert_eq!(read(&store, from(*at)).unwrap(), SHOWN[index..]);
        let mut back = read(&store, from(*at).backward()).unwrap();
        back.reverse();
        assert_eq!(back, SHOWN[..=index]);
    }
    assert_eq!(block_on(store.head()).unwrap(), Some(Position::new(911)));
}

#[test]
fn who_goes_on_behind_an_event_gets_the_next_one() {
    let fake = Fake::start(&EVENTS);
    let store = store(&fake);
    for direction in [Direction::Forward, Direction::Backward] {
        let (mut found, mut place) = (Vec::new(), None);
        loop {
            let page = ReadAll { direction, from: place, ..ReadAll::new(Query::all()) }.limit(1);
            let Some(at) = read(&store, page).unwrap().pop() else { break };
            found.push(at);
            place = Some(Position::new(match direction {
                Direction::Forward => at + 1,
                Direction::Backward => at - 1,
            }));
        }
        if direction == Direction::Backward {
            found.reverse();
        }
        assert_eq!(found, SHOWN, "{direction:?}");
    }
}

#[test]
fn a_place_where_no_event_stands_is_refused_with_what_to_try() {
    let fake = Fake::start(&EVENTS);
    let store = store(&fake);
    for all in [from(50), from(50).backward()] {
        let error: Error = read(&store, all).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("no event stands at position 50"), "{error}");
    }
    assert!(read(&store, from(5_000)).unwrap().is_empty());
}

#[test]
fn categories_and_ends_count_here_and_there() {
    let fake = Fake::start(&EVENTS);
    let store = store(&fake);
    let category = QueryItem::category(Category::new("a").unwrap());
    let of_category = ReadAll::new(Query::any_of([category]).unwrap());
    assert_eq!(read(&store, of_category.clone()).unwrap(), [37, 260]);
    assert_eq!(read(&store, of_category.backward().limit(1)).unwrap(), [260]);
    let until = ReadAll { to: Some(Position::new(299)), ..from(37) };
    assert_eq!(read(&store, until).unwrap(), [37, 260]);
}

#[test]
fn a_subscription_goes_on_behind_the_position_it_is_given() {
    let fake = Fake::start(&EVENTS);
    let store = store(&fake);
    let start = SubscribeStart::After(Position::new(260));
    let mut deliveries = store.subscribe(Subscribe::all(Query::all(), start));
    let mut found = Vec::new();
    loop {
        match block_on(deliveries.next()).unwrap().unwrap() {
            Delivery::Event(event) => found.push(event.position.get()),
            Delivery::CaughtUp { position } => {
                assert_eq!(position, Some(Position::new(911)));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(found, [300, 911]);
}
