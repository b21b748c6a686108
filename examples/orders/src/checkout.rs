//! The process manager: what orders and payments have to do with each other.

use std::time::Duration;

use annals::{Effects, Event, Process, Recorded, Rejected, Route, process};
use serde::{Deserialize, Serialize};

use crate::{
    order::{Do, ToOrder},
    payment::{Pay, ToPayment},
};

/// How long a customer may take to pay.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The events it waits for, from wherever, with just the fields it needs.
#[derive(Event, Serialize, Deserialize)]
pub(crate) enum Flow {
    #[event(name = "order.placed")]
    Placed { order: u64, cents: u64 },
    #[event(name = "payment.received")]
    Paid { order: u64 },
    #[event(name = "checkout.overdue")]
    Overdue { order: u64 },
}
use Flow::*;

#[derive(Default, Clone, Serialize, Deserialize)]
pub(crate) struct Checkout;

#[process(name = "checkout")]
impl Process for Checkout {
    type Key = u64;
    type Event = Flow;
    type Sends = (ToOrder, ToPayment);

    fn route(event: &Recorded<Flow>) -> Route<u64> {
        match **event {
            Placed { order, .. } => Route::Start(order),
            Paid { order } | Overdue { order } => Route::Continue(order),
        }
    }

    fn react(&mut self, event: &Recorded<Flow>, effects: &mut Effects<'_, Self>) {
        match **event {
            Placed { order, cents } => {
                effects.send(ToPayment(order, Pay::Request { cents }));
                effects.after("overdue", PATIENCE, Overdue { order });
            }
            Paid { order } => effects.send(ToOrder(order, Do::Ship)).finish(),
            Overdue { order } => {
                let why = String::from("not paid in time");
                effects.send(ToOrder(order, Do::Cancel { why })).finish();
            }
        }
    }

    fn rejected(&mut self, refusal: &Rejected, effects: &mut Effects<'_, Self>) {
        if let Some(ToPayment(order, _)) = refusal.command() {
            let why = refusal.reason.clone();
            effects.send(ToOrder(order, Do::Cancel { why })).finish();
        }
    }
}
