//! What goes wrong inside or around a process manager is said, and harms nobody else.

use std::sync::Arc;

use annals::{
    Append, Capabilities, Effects, ErrorKind, EventType, ExpectedVersion, NewEvent, Process,
    Recorded, Route, StreamName, process,
};
use serde::{Deserialize, Serialize};

use super::{
    World,
    mortal::Mortal,
    settle,
    shop::{BROKEN, Checkout, Flow, SLOW, TakePayment},
    stop,
};
use crate::stores::block_on;

fn append(world: &World, stream: &str, event_type: &str, data: &str) -> u64 {
    let stream = StreamName::new(stream.to_owned()).unwrap();
    let event_type = EventType::new(event_type.to_owned()).unwrap();
    let event = NewEvent::new(event_type, data.to_owned());
    let append = Append::to(stream, ExpectedVersion::Any, [event]);
    block_on(world.backend.append(append)).unwrap().position.unwrap().get()
}

#[test]
fn a_command_that_always_fails_stops_its_instance_and_no_other() {
    for world in World::each() {
        let app = world.app();
        world.place(1, BROKEN);
        world.place(2, 50);
        assert_eq!(world.wait_for("shop.shipped").stream.as_str(), "order-2");
        let error = block_on(app.processes().settled()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Application);
        assert!(error.to_string().contains("the till is broken"), "{error}");
        let status = app.processes().status().remove(0);
        assert_eq!(status.stuck[0].instance.as_str(), "process_checkout-1");
        assert_eq!((status.stuck[0].attempts, status.open_commands), (5, 1));
        // Its deadlines pass all the same.
        world.lose_patience();
        app.processes().check_deadlines();
        let overdue = world.wait_for("checkout.overdue");
        assert_eq!(overdue.stream.as_str(), "process_checkout-1");
        stop(&app);
    }
}

#[test]
fn an_input_that_cannot_be_read_stops_the_inbox_and_says_where() {
    let world = World::memory();
    world.place(1, 50);
    let at = append(&world, "order-2", "shop.placed", r#"{"order":"two"}"#);
    world.place(3, 50);
    let app = world.app();
    assert_eq!(world.wait_for("pay.taken").stream.as_str(), "payment-1");
    let error = block_on(app.processes().settled()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecodable, "{error}");
    let status = app.processes().status().remove(0);
    assert_eq!(status.stands_at.map(annals::Position::get), Some(at));
    // Told to try again it says the same again.
    app.processes().retry();
    assert!(block_on(app.processes().settled()).is_err());
    stop(&app);
    assert_eq!(world.state(3), "placed");
}

#[test]
fn events_of_unknown_types_are_nothing_to_it() {
    let world = World::memory();
    let app = world.app();
    append(&world, "order-1", "shop.praised", "[]");
    append(&world, "process_checkout-1", "shop.praised", "not json");
    world.place(1, 50);
    settle(&app);
    assert_eq!(world.state(1), "shipped");
    stop(&app);
}

/// Panics for every other order.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Fragile;

#[process(name = "fragile")]
impl Process for Fragile {
    type Key = u64;
    type Event = Flow;
    type Sends = ();

    fn route(event: &Recorded<Flow>) -> Route<u64> {
        match **event {
            Flow::Placed { order, .. } => Route::Start(order),
            Flow::Taken { .. } | Flow::Overdue { .. } => Route::Ignore,
        }
    }

    fn react(&mut self, _event: &Recorded<Flow>, effects: &mut Effects<'_, Self>) {
        effects.emit(Flow::Overdue { order: 0 });
        panic!("out of order");
    }
}

#[test]
fn a_process_manager_that_panics_writes_nothing_and_stops_no_other() {
    let world = World::memory();
    let backend = Arc::clone(&world.backend);
    let app = world.builder().process::<Fragile>().process::<Checkout>().build(backend).unwrap();
    world.place(1, 50);
    world.wait_for("shop.shipped");
    let error = block_on(app.processes().settled()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Application);
    assert!(error.to_string().contains("out of order"), "{error}");
    assert!(error.context().contains(&("instance", "process_fragile-1".to_owned())), "{error:?}");
    assert!(world.tally("process_fragile").is_empty());
    stop(&app);
}

/// `Checkout` with a state that has another form.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Other {
    order: Vec<String>,
}

#[process(name = "checkout", version = 2)]
impl Process for Other {
    type Key = u64;
    type Event = Flow;
    type Sends = (TakePayment,);

    fn route(event: &Recorded<Flow>) -> Route<u64> {
        Checkout::route(event)
    }

    fn react(&mut self, _event: &Recorded<Flow>, effects: &mut Effects<'_, Self>) {
        effects.finish();
    }
}

#[test]
fn a_state_of_an_older_version_that_cannot_be_read_is_an_error_that_says_so() {
    let world = World::memory();
    world.place(1, SLOW);
    let app = world.app();
    settle(&app);
    stop(&app);
    append(&world, "payment-1", "pay.taken", r#"{"order":1}"#);
    let backend = Arc::clone(&world.backend);
    let app = world.builder().process::<Other>().build(backend).unwrap();
    let error = block_on(app.processes().settled()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecodable);
    assert!(error.to_string().contains("version 1 of it, and version 2"), "{error}");
    stop(&app);
    // The right program goes on from there.
    let app = world.app();
    settle(&app);
    assert_eq!(world.state(1), "shipped");
    stop(&app);
}

#[test]
fn a_store_that_cannot_do_it_is_refused_at_once() {
    let world = World::memory();
    let full = world.backend.capabilities();
    let poor = [
        Capabilities { append_conditions: false, ..full },
        Capabilities { append_multi_stream: false, ..full },
    ];
    for capabilities in poor {
        let backend = Mortal::able(Arc::clone(&world.backend), capabilities);
        let error = world.builder().process::<Checkout>().build(backend).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    let twice = world.builder().process::<Checkout>().process::<Other>();
    let error = twice.build(Arc::clone(&world.backend)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}
