//! What a process manager does when nothing goes wrong.

use std::time::Duration;

use annals::{EventType, Query, QueryItem};

use super::{
    World, settle,
    shop::{PATIENCE, SLOW, TOO_MUCH},
    stop,
};

#[test]
fn a_paid_order_is_shipped() {
    for world in World::each() {
        world.place(1, 50);
        let app = world.app();
        settle(&app);
        assert_eq!(world.state(1), "shipped");
        let lines: Vec<_> = world.tally("process_checkout").into_keys().collect();
        let expected = [
            "process_checkout-1 \"ship\" done",
            "process_checkout-1 \"take-payment\" done",
            "process_checkout-1 took \"pay.taken\"",
            "process_checkout-1 took \"shop.placed\"",
        ];
        assert_eq!(lines, expected);
        // The deadline went with the end.
        world.lose_patience();
        settle(&app);
        assert_eq!(world.state(1), "shipped");
        assert_eq!(app.processes().status()[0].deadlines, 0);
        stop(&app);
    }
}

#[test]
fn an_order_placed_while_it_runs_is_taken_at_once() {
    for world in World::each() {
        let app = world.app();
        settle(&app);
        for order in 1..=20 {
            world.place(order, 50);
        }
        settle(&app);
        assert!((1..=20).all(|order| world.state(order) == "shipped"));
        stop(&app);
    }
}

#[test]
fn a_refusal_is_compensated() {
    for world in World::each() {
        let app = world.app();
        world.place(1, TOO_MUCH);
        settle(&app);
        assert_eq!(world.state(1), "cancelled");
        assert!(world.tally("payment").is_empty());
        let tally = world.tally("process_checkout");
        assert_eq!(tally.get("process_checkout-1 \"take-payment\" refused"), Some(&1));
        assert_eq!(tally.get("process_checkout-1 took \"annals.process.answered\""), Some(&1));
        stop(&app);
    }
}

#[test]
fn a_deadline_passes_when_its_time_comes_and_once() {
    for world in World::each() {
        let app = world.app();
        world.place(1, SLOW);
        settle(&app);
        let status = &app.processes().status()[0];
        assert_eq!((status.deadlines, status.open_commands), (1, 0));
        world.wait(PATIENCE - Duration::from_micros(1));
        settle(&app);
        assert_eq!(world.state(1), "placed");
        world.wait(Duration::from_micros(1));
        settle(&app);
        assert_eq!(world.state(1), "cancelled");
        // Time that goes back and comes again fires nothing twice.
        world.clock.advance_micros(-3_600_000_000);
        settle(&app);
        world.clock.advance_micros(7_200_000_000);
        settle(&app);
        assert_eq!(world.tally("process_checkout")["process_checkout-1 checkout.overdue"], 1);
        stop(&app);
    }
}

#[test]
fn a_deadline_in_the_past_passes_at_once() {
    for world in World::each() {
        world.place(1, SLOW);
        world.lose_patience();
        let app = world.app();
        settle(&app);
        assert_eq!(world.state(1), "cancelled");
        stop(&app);
    }
}

#[test]
fn deadlines_survive_a_restart() {
    for world in World::each() {
        world.place(1, SLOW);
        world.place(2, SLOW);
        let app = world.app();
        settle(&app);
        stop(&app);
        world.lose_patience();
        let app = world.app();
        settle(&app);
        assert_eq!((world.state(1), world.state(2)), ("cancelled".into(), "cancelled".into()));
        stop(&app);
    }
}

#[test]
fn what_follows_says_who_began_it_and_why() {
    let world = World::memory();
    world.place(1, 50);
    let app = world.app();
    settle(&app);
    let of = |event_type: &'static str| {
        let query = QueryItem::types([EventType::new(event_type).unwrap()]);
        world.all(Query::any_of([query]).unwrap()).remove(0)
    };
    let (placed, shipped) = (of("shop.placed"), of("shop.shipped"));
    let metadata: serde_json::Value = serde_json::from_slice(shipped.metadata.as_bytes()).unwrap();
    assert_eq!(metadata["$correlationId"], placed.id.to_string());
    assert_eq!(metadata["userId"], "ann");
    // Its cause is the reaction that sent the command.
    let cause = world
        .all(Query::all())
        .into_iter()
        .find(|record| record.id.to_string() == metadata["$causationId"]);
    assert_eq!(cause.unwrap().event_type.as_str(), "annals.process.reacted");
    stop(&app);
}

#[test]
fn an_instance_that_has_finished_takes_nothing_until_it_begins_anew() {
    let world = World::memory();
    let app = world.app();
    world.place(1, 50);
    settle(&app);
    let before = world.tally("process_checkout");
    // Another payment of the same order continues an instance that is not running.
    let pay = super::shop::TakePayment { order: 1, cents: 50 };
    futures_lite::future::block_on(async { app.execute(pay).await }).unwrap();
    settle(&app);
    assert_eq!(world.tally("process_checkout"), before);
    world.place(1, TOO_MUCH);
    settle(&app);
    assert_eq!(world.state(1), "cancelled");
    assert_eq!(world.tally("process_checkout")["process_checkout-1 took \"shop.placed\""], 2);
    stop(&app);
}
