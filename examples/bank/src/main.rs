//! A bank, told as one story that checks itself: accounts, refusals, snapshots, time travel.

mod account;

use std::error::Error;

use account::{Account, Ask, Refusal, Request};
use annals::{Annals, At, ExecuteError, Version};
use futures_lite::future::block_on;

fn main() -> Result<(), Box<dyn Error>> {
    block_on(async {
        let app = Annals::open("memory:").await?;
        story(&app).await
    })
}

async fn story(app: &Annals) -> Result<(), Box<dyn Error>> {
    let ann = String::from("ann");
    let ask = |what| Request(ann.clone(), what);

    app.execute(ask(Ask::Open { owner: String::from("Ann Smith"), cents: 0 })).by("clerk").await?;
    app.execute(ask(Ask::Deposit(10_000))).by("clerk").await?;
    let done = app.execute(ask(Ask::Withdraw(3_000))).by("ann").await?;
    println!("deposited 100.00, withdrew 30.00: {} cents are left", done.output);
    assert_eq!(app.load::<Account>(&ann, At::Latest).await?.cents, 7_000);

    let refused = app.execute(ask(Ask::Withdraw(8_000))).await;
    println!(
        "80.00 more: {}",
        refused.as_ref().map_or_else(ToString::to_string, |_| String::new())
    );
    let short = Refusal::InsufficientFunds { short: 1_000 };
    assert_eq!(refused.err().as_ref().and_then(ExecuteError::rejection), Some(&short));

    let before = app.load::<Account>(&ann, At::Version(Version::new(1))).await?;
    println!("before the withdrawal there were {} cents", before.cents);
    assert_eq!(before.cents, 10_000);

    app.execute(ask(Ask::Close)).await?;
    let late = app.execute(ask(Ask::Deposit(1))).await;
    assert_eq!(late.err().as_ref().and_then(ExecuteError::rejection), Some(&Refusal::NotOpen));
    Ok(())
}
