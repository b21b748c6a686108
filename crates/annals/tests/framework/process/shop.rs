//! A small shop: orders, payments, and the process manager between them.

use std::time::Duration;

use annals::{
    Aggregate, Changes, Command, Effects, Event, Message, Process, Recorded, Rejected, Route,
    aggregate, process,
};
use serde::{Deserialize, Serialize};

pub(super) const PATIENCE: Duration = Duration::from_secs(15 * 60);

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(prefix = "shop")]
pub(super) enum Ordering {
    Placed { order: u64, cents: u64 },
    Shipped { order: u64 },
    Cancelled { order: u64, why: String },
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(prefix = "pay")]
pub(super) enum Paying {
    Asked { order: u64 },
    Taken { order: u64 },
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) state: String,
}

#[aggregate(stream = "order", key = u64)]
impl Aggregate for Order {
    type Event = Ordering;

    fn apply(&mut self, event: &Ordering) {
        let state = match event {
            Ordering::Placed { .. } => "placed",
            Ordering::Shipped { .. } => "shipped",
            Ordering::Cancelled { .. } => "cancelled",
        };
        state.clone_into(&mut self.state);
    }
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Payment;

#[aggregate(stream = "payment", key = u64)]
impl Aggregate for Payment {
    type Event = Paying;

    fn apply(&mut self, _event: &Paying) {}
}

#[derive(Debug)]
pub(super) struct Refused(pub(super) &'static str);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Refused {}

/// A command of the shop: its aggregate, and what it decides.
macro_rules! command {
    ($name:ident { $($field:ident: $type:ty),* } on $aggregate:ident, $text:literal, $decide:expr) => {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub(super) struct $name { pub(super) order: u64, $(pub(super) $field: $type),* }

        impl Command for $name {
            type Aggregate = $aggregate;
            type Output = ();
            type Error = Refused;

            fn key(&self) -> u64 { self.order }

            fn decide(&self, state: &mut Changes<'_, $aggregate>) -> Result<(), Refused> {
                let decide: fn(&Self, &mut Changes<'_, $aggregate>) -> Result<(), Refused> = $decide;
                decide(self, state)
            }
        }

        impl Message for $name {
            const NAME: &'static str = $text;
        }
    };
}

command!(Place { cents: u64 } on Order, "place", |place, order| {
    order.emit(Ordering::Placed { order: place.order, cents: place.cents });
    Ok(())
});

command!(Ship {} on Order, "ship", |ship, order| {
    order.emit(Ordering::Shipped { order: ship.order });
    Ok(())
});

command!(Cancel { why: String } on Order, "cancel", |cancel, order| {
    order.emit(Ordering::Cancelled { order: cancel.order, why: cancel.why.clone() });
    Ok(())
});

/// Up to 100 is paid at once, over 1,000 is refused, what lies between is never answered; 666
/// breaks the till.
pub(super) const SLOW: u64 = 500;
pub(super) const TOO_MUCH: u64 = 2_000;
pub(super) const BROKEN: u64 = 666;

command!(TakePayment { cents: u64 } on Payment, "take-payment", |take, payment| {
    let order = take.order;
    match take.cents {
        BROKEN => panic!("the till is broken"),
        0..=100 => payment.emit(Paying::Taken { order }),
        101..=1_000 => payment.emit(Paying::Asked { order }),
        _ => return Err(Refused("over the limit")),
    };
    Ok(())
});

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub(super) enum Flow {
    #[event(name = "shop.placed")]
    Placed { order: u64, cents: u64 },
    #[event(name = "pay.taken")]
    Taken { order: u64 },
    #[event(name = "checkout.overdue")]
    Overdue { order: u64 },
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Checkout {
    pub(super) order: u64,
}

#[process(name = "checkout")]
impl Process for Checkout {
    type Key = u64;
    type Event = Flow;
    type Sends = (TakePayment, Ship, Cancel);

    fn route(event: &Recorded<Flow>) -> Route<u64> {
        match **event {
            Flow::Placed { order, .. } => Route::Start(order),
            Flow::Taken { order } => Route::Continue(order),
            Flow::Overdue { .. } => Route::Ignore,
        }
    }

    fn react(&mut self, event: &Recorded<Flow>, effects: &mut Effects<'_, Self>) {
        match **event {
            Flow::Placed { order, cents } => {
                self.order = order;
                effects.send(TakePayment { order, cents });
                effects.after("overdue", PATIENCE, Flow::Overdue { order });
            }
            Flow::Taken { order } => effects.send(Ship { order }).finish(),
            Flow::Overdue { order } => {
                effects.send(Cancel { order, why: "overdue".to_owned() }).finish();
            }
        }
    }

    fn rejected(&mut self, refusal: &Rejected, effects: &mut Effects<'_, Self>) {
        let why = refusal.reason.clone();
        effects.send(Cancel { order: self.order, why }).finish();
    }
}
