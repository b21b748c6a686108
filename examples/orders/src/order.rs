//! Orders: what a customer wants, and what became of it.

use annals::{Aggregate, Changes, Command, Event, Message, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(prefix = "order")]
pub(crate) enum OrderEvent {
    Placed { order: u64, customer: String, cents: u64 },
    Shipped { order: u64 },
    Cancelled { order: u64, why: String },
}
use OrderEvent::*;

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Order {
    #[default]
    New,
    Open,
    Done,
}

#[aggregate(stream = "order", key = u64)]
impl Aggregate for Order {
    type Event = OrderEvent;

    fn apply(&mut self, event: &OrderEvent) {
        *self = match event {
            Placed { .. } => Self::Open,
            Shipped { .. } | Cancelled { .. } => Self::Done,
        };
    }
}

/// A command to an order.
#[derive(Serialize, Deserialize)]
pub(crate) struct ToOrder(pub(crate) u64, pub(crate) Do);

#[derive(Serialize, Deserialize)]
pub(crate) enum Do {
    Place { customer: String, cents: u64 },
    Ship,
    Cancel { why: String },
}

#[derive(Debug, thiserror::Error)]
#[error("this order cannot do that any more, or not yet")]
pub(crate) struct OutOfOrder;

impl Command for ToOrder {
    type Aggregate = Order;
    type Output = ();
    type Error = OutOfOrder;

    fn key(&self) -> u64 {
        self.0
    }

    fn decide(&self, state: &mut Changes<'_, Order>) -> Result<(), OutOfOrder> {
        let order = self.0;
        match (&**state, &self.1) {
            (Order::New, Do::Place { customer, cents }) => {
                state.emit(Placed { order, customer: customer.clone(), cents: *cents })
            }
            (Order::Open, Do::Ship) => state.emit(Shipped { order }),
            (Order::Open, Do::Cancel { why }) => state.emit(Cancelled { order, why: why.clone() }),
            _ => return Err(OutOfOrder),
        };
        Ok(())
    }
}

// What a process manager sends is stored first, under this name.
impl Message for ToOrder {
    const NAME: &'static str = "order";
}
