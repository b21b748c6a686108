//! Executing a command on a warm aggregate, beside the append of the same event without it.

use std::sync::Arc;

use annals::{Annals, Append, Event, EventType, ExpectedVersion, NewEvent, StreamName, Version};
use annals_engine::{Embedded, Options};
use futures_lite::future::block_on;

use super::bank::{Account, Deposit, fill};
use crate::{
    engine::bench::Bench,
    problem::Result,
    report::{Goal, Row},
    samples::Latencies,
    turns::in_turns,
};

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let backend = Arc::new(Embedded::open(folder.path().join("store"), Options::default())?);
    let app = Annals::new(backend);
    fill::<Account>(&app, "warm", 50)?;
    fill::<Account>(&app, "bare", 50)?;
    let bare = StreamName::new("account-bare")?;
    let mut version = Version::new(49);
    let calls = bench.scale.synced_calls;
    let pairs = in_turns(
        bench.scale.rounds * 2,
        || Latencies::of(calls, || execute(&app, "warm")),
        || {
            Latencies::of(calls, || {
                let append = append(&bare, version)?;
                version = version.next();
                block_on(app.backend().append(append))?;
                Ok(())
            })
        },
    )?;
    let row = Row::latencies("execute a command on a warm aggregate", "bare durable append", pairs);
    Ok(vec![row.goal(Goal::RatioAtMost(1.5))])
}

pub(super) fn execute(app: &Annals, account: &str) -> Result<()> {
    let deposit = Deposit { account: account.to_owned(), cents: 7 };
    let done = app.execute(deposit);
    block_on(async { done.await })?;
    Ok(())
}

/// The same event with the same guard, without a state.
fn append(stream: &StreamName, version: Version) -> Result<Append> {
    let event = Deposit { account: String::from("bare"), cents: 7 }.event();
    let event = NewEvent::new(EventType::new(event.schema().name)?, event.encode()?);
    Ok(Append::to(stream.clone(), ExpectedVersion::Exact(version), [event]))
}
