//! A process manager sends a command that is not in its list.

use annals::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum Placed {
    OrderPlaced { order: String },
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Order;

#[aggregate(stream = "order", key = String)]
impl Aggregate for Order {
    type Event = Placed;
    fn apply(&mut self, _event: &Placed) {}
}

macro_rules! command {
    ($name:ident, $text:literal) => {
        #[derive(Serialize, Deserialize)]
        struct $name(String);

        impl Command for $name {
            type Aggregate = Order;
            type Output = ();
            type Error = std::fmt::Error;
            fn key(&self) -> String {
                self.0.clone()
            }
            fn decide(
                &self,
                _state: &mut Changes<'_, Order>,
            ) -> std::result::Result<(), std::fmt::Error> {
                Ok(())
            }
        }

        impl Message for $name {
            const NAME: &'static str = $text;
        }
    };
}
command!(Pay, "pay");
command!(Cancel, "cancel");
command!(Ship, "ship");

#[derive(Clone, Default, Serialize, Deserialize)]
struct Checkout;

#[process(name = "checkout")]
impl Process for Checkout {
    type Key = String;
    type Event = Placed;
    type Sends = (Pay, Cancel);

    fn route(event: &Recorded<Placed>) -> Route<String> {
        let Placed::OrderPlaced { order } = &event.event;
        Route::Start(order.clone())
    }

    fn react(&mut self, event: &Recorded<Placed>, effects: &mut Effects<'_, Self>) {
        let Placed::OrderPlaced { order } = &event.event;
        effects.send(Ship(order.clone()));
    }
}

fn main() {}
