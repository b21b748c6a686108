//! A bank, told as one story that checks itself: commands and refusals, snapshots, an old event
//! of another form, time travel, and tables that follow.
//!
//! It happens in memory, or in a new schema of the PostgreSQL that `ANNALS_TEST_STORE` names.

mod account;
mod balances;
#[path = "../../place.rs"]
mod place;

use std::{error::Error, sync::Arc};

use account::{Account, Ask, Refusal, Request};
use annals::{
    Annals, Append, At, EventType, ExpectedVersion, NewEvent, Run, Sqlite, StreamName, SystemClock,
    Upcasters, Version,
};
use balances::Balances;
use futures_lite::future::block_on;

fn main() -> Result<(), Box<dyn Error>> {
    block_on(story())
}

async fn story() -> Result<(), Box<dyn Error>> {
    let read = Sqlite::in_memory()?;
    let app = Annals::builder()
        .upcasters(Upcasters::new().lift("bank.opened", 1, |_old, mut json| {
            json["owner"] = "unknown".into();
            Ok(json)
        }))
        .projection(Balances, &read, Run::background())
        .build(place::store(Arc::new(SystemClock)).await?)?;

    println!("Ann opens an account, pays in 100.00 and takes out 30.00.");
    let (ann, ask) = (String::from("ann"), |what| Request(String::from("ann"), what));
    app.execute(ask(Ask::Open { owner: String::from("Ann Smith"), cents: 0 })).by("clerk").await?;
    app.execute(ask(Ask::Deposit(10_000))).by("clerk").await?;
    let done = app.execute(ask(Ask::Withdraw(3_000))).by("ann").await?;
    assert_eq!((done.output, done.version), (7_000, Some(Version::new(2))));
    assert_eq!(app.load::<Account>(&ann, At::Latest).await?.cents, 7_000);

    let refused = app.execute(ask(Ask::Withdraw(8_000))).await.err().ok_or("overdrawn")?;
    println!("80.00 more: {refused}.");
    assert_eq!(refused.rejection(), Some(&Refusal::InsufficientFunds { short: 1_000 }));

    println!("A request that is sent twice takes effect once.");
    let once = || app.execute(ask(Ask::Deposit(500))).idempotent("salary-2026-11");
    assert_eq!(once().await?.output, 7_500);
    assert!(once().await?.is_replayed);

    for _ in 0..60 {
        app.execute(ask(Ask::Deposit(1))).await?;
    }
    let before = app.load::<Account>(&ann, At::Version(Version::new(1))).await?;
    println!("64 events later a snapshot is kept, and the past is still there: {}.", before.cents);
    assert_eq!(before.cents, 10_000);

    println!("An account from before owners were written down has one all the same.");
    let opened = NewEvent::new(EventType::new("bank.opened")?, r#"{"account":"bob","cents":900}"#);
    let old = StreamName::new("account-bob")?;
    app.backend().append(Append::to(old, ExpectedVersion::NoStream, [opened])).await?;
    assert_eq!(app.load::<Account>(&String::from("bob"), At::Latest).await?.owner, "unknown");

    app.execute(ask(Ask::Close)).wait_for::<Balances>().await?;
    let late = app.execute(ask(Ask::Deposit(1))).await.err().ok_or("closed for good")?;
    assert_eq!(late.rejection(), Some(&Refusal::NotOpen));

    let (owner, cents) = balances::balance(&read, "ann").await?;
    println!("The table of balances has followed: {owner}, {cents} cents.");
    assert_eq!((owner.as_str(), cents), ("Ann Smith", 7_560));
    let entries = balances::entries(&read, "ann").await?;
    assert_eq!((entries.len(), &entries[2]), (64, &(String::from("debit"), 3_000)));
    Ok(app.stop().await?)
}
