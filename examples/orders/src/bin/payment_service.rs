//! The payment service: asks for the money of each order that is placed, and takes it.
//!
//! A program of its own. It shares the store with the order service and nothing else; of orders it
//! knows one event. A line on its input is a payment that arrived:
//!
//! ```text
//! $ payment_service postgres://localhost/shop
//! pay 1
//! ```
//!
//! On a cluster it has a node of its own: `nats://localhost/shop?dir=payments`.

#[path = "../console.rs"]
mod console;
#[path = "../payment.rs"]
mod payment;

use std::error::Error;

use annals::{Annals, Event, Nack, Reactor, Recorded, Run, Start};
use futures_lite::future::block_on;
use payment::{Pay, PaymentEvent, ToPayment};
use serde::{Deserialize, Serialize};

/// What it has to know of orders.
#[derive(Event, Serialize, Deserialize)]
enum Order {
    #[event(name = "order.placed")]
    Placed { order: u64, cents: u64 },
}

/// Asks for the money, or says why it does not. After a crash an order may come again: then
/// nothing is asked for twice, because both commands take effect once for an event.
struct Collect;

impl Reactor for Collect {
    type Event = Order;
    const NAME: &'static str = "collect";

    async fn react(&self, event: &Recorded<Order>, app: &Annals) -> Result<(), Nack> {
        let Order::Placed { order, cents } = event.event;
        let request = app.execute(ToPayment(order, Pay::Request { cents })).idempotent_by(event);
        let Err(error) = request.await else { return Ok(()) };
        let Some(refusal) = error.rejection() else { return Err(error.into()) };
        let refuse = app.execute(ToPayment(order, Pay::Refuse { why: refusal.to_string() }));
        refuse.idempotent(format!("refuse {order}")).await?;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = Annals::builder()
        .reactor(Collect, Run::background().from(Start::Beginning))
        .open(&console::store_url()?)
        .await?;
    let _told = app.on::<PaymentEvent>("console", |event| match event.event {
        PaymentEvent::Requested { order, cents } => println!("order {order}: {cents} cents due"),
        PaymentEvent::Received { order } => println!("order {order}: paid"),
        PaymentEvent::Refused { order, why } => println!("order {order}: refused, {why}"),
    })?;
    console::each_line(|words| match words {
        ["pay", order] => {
            let command = ToPayment(order.parse()?, Pay::Receive);
            Ok(block_on(app.execute(command).by("bank").into_future()).map(|_| ())?)
        }
        _ => Err("write `pay ORDER`".into()),
    })?;
    Ok(app.stop().await?)
}
