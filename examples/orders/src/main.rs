//! Orders and payments that know nothing of each other, a process manager between them, and a
//! table of orders: told as one story that checks itself.
//!
//! It happens in memory, or in a new schema of the PostgreSQL that `ANNALS_TEST_STORE` names.

mod checkout;
mod order;
mod payment;
#[path = "../../place.rs"]
mod place;
mod summaries;

use std::{error::Error, sync::Arc, time::Duration};

use annals::{Annals, ManualClock, Run, Sqlite};
use checkout::{Checkout, PATIENCE};
use futures_lite::future::block_on;
use order::{Do, ToOrder};
use payment::{Pay, ToPayment};
use summaries::Summaries;

fn main() -> Result<(), Box<dyn Error>> {
    block_on(story())
}

async fn story() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(ManualClock::default());
    let read = Sqlite::in_memory()?;
    let app = Annals::builder()
        .clock(clock.clone())
        .process::<Checkout>()
        .projection(Summaries, &read, Run::background())
        .build(place::store(clock.clone()).await?)?;

    println!("Ann, Bob and Cay place an order each.");
    for (order, customer, cents) in [(1, "Ann", 4_990), (2, "Bob", 500_000), (3, "Cay", 2_000)] {
        let customer = String::from(customer);
        app.execute(ToOrder(order, Do::Place { customer, cents })).by("shop").await?;
    }
    app.processes().settled().await?;

    println!("Ann pays, and her order is shipped. Bob's total is over the limit.");
    app.execute(ToPayment(1, Pay::Receive)).by("bank").await?;
    app.processes().settled().await?;
    let table = table(&app, &read).await?;
    let (ann, bob, cay) = (&table[0], &table[1], &table[2]);
    assert_eq!(ann, &(String::from("Ann"), 4_990, String::from("shipped")));
    assert_eq!(bob.2, "cancelled: over the limit");
    assert_eq!(cay.2, "placed");

    println!("Cay does not pay, and 15 minutes pass.");
    clock.advance_micros(PATIENCE.as_micros() as i64);
    app.processes().settled().await?;
    let table = self::table(&app, &read).await?;
    assert_eq!(table[2].2, "cancelled: not paid in time");
    for (customer, cents, status) in table {
        println!("  {customer} {:>5}.{:02}  {status}", cents / 100, cents % 100);
    }

    let status = app.processes().status();
    assert_eq!((status[0].open_commands, status[0].deadlines), (0, 0));
    app.stop().await?;
    Ok(())
}

/// The table of orders, once it has followed.
async fn table(app: &Annals, read: &Sqlite) -> annals::Result<Vec<(String, i64, String)>> {
    app.projection::<Summaries>()?.fresh(Duration::from_secs(5)).await?;
    summaries::all(read).await
}
