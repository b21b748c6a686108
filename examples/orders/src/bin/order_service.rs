//! The order service: takes orders, ships what is paid and cancels what is not.
//!
//! A program of its own. It shares the store with the payment service and nothing else; of
//! payments it knows two events. A line on its input is an order:
//!
//! ```text
//! $ order_service postgres://localhost/shop
//! place 1 Ann 4990
//! ```
//!
//! On a cluster it has a node of its own: `nats://localhost/shop?dir=orders`.

#[path = "../console.rs"]
mod console;
#[path = "../order.rs"]
mod order;

use std::{error::Error, time::Duration};

use annals::{Annals, Effects, Event, Process, Recorded, Route, process};
use futures_lite::future::block_on;
use order::{Do, OrderEvent, ToOrder};
use serde::{Deserialize, Serialize};

/// How long a customer may take to pay.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What it waits for, from wherever, with just the fields it needs.
#[derive(Event, Serialize, Deserialize)]
enum Flow {
    #[event(name = "order.placed")]
    Placed { order: u64 },
    #[event(name = "payment.received")]
    Paid { order: u64 },
    #[event(name = "payment.refused")]
    Refused { order: u64, why: String },
    #[event(name = "fulfilment.overdue")]
    Overdue { order: u64 },
}
use Flow::*;

/// What becomes of an order.
#[derive(Default, Clone, Serialize, Deserialize)]
struct Fulfilment;

#[process(name = "fulfilment")]
impl Process for Fulfilment {
    type Key = u64;
    type Event = Flow;
    type Sends = (ToOrder,);

    fn route(event: &Recorded<Flow>) -> Route<u64> {
        match **event {
            Placed { order } => Route::Start(order),
            Paid { order } | Refused { order, .. } | Overdue { order } => Route::Continue(order),
        }
    }

    fn react(&mut self, event: &Recorded<Flow>, effects: &mut Effects<'_, Self>) {
        match &**event {
            Placed { order } => {
                effects.after("overdue", PATIENCE, Overdue { order: *order });
            }
            Paid { order } => effects.send(ToOrder(*order, Do::Ship)).finish(),
            Refused { order, why } => {
                effects.send(ToOrder(*order, Do::Cancel { why: why.clone() })).finish();
            }
            Overdue { order } => {
                let why = String::from("not paid in time");
                effects.send(ToOrder(*order, Do::Cancel { why })).finish();
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = Annals::builder().process::<Fulfilment>().open(&console::store_url()?).await?;
    let _told = app.on::<OrderEvent>("console", |event| match event.event {
        OrderEvent::Placed { order, customer, cents } => {
            println!("order {order}: placed by {customer} for {cents} cents");
        }
        OrderEvent::Shipped { order } => println!("order {order}: shipped"),
        OrderEvent::Cancelled { order, why } => println!("order {order}: cancelled, {why}"),
    })?;
    console::each_line(|words| match words {
        ["place", order, customer, cents] => {
            let place = Do::Place { customer: String::from(*customer), cents: cents.parse()? };
            let command = ToOrder(order.parse()?, place);
            Ok(block_on(app.execute(command).by("shop").into_future()).map(|_| ())?)
        }
        _ => Err("write `place ORDER CUSTOMER CENTS`".into()),
    })?;
    Ok(app.stop().await?)
}
