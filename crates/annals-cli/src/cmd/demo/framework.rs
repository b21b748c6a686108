//! The framework: decisions on typed state, snapshots, the past, and a table that follows.

use std::{path::Path, sync::Arc, time::Duration, time::Instant};

use annals::{Annals, At, Backend, ErrorKind, Run, Sqlite, Version};
use futures_lite::future::block_on;

use super::{
    dora::{Balance, Balances, Insufficient, Move, dora},
    teller::{Teller, took},
};
use crate::failure::{OrFail, Result};

/// Deposits that make a snapshot due.
const SMALL: u64 = 60;
/// The longest that the table may take to follow.
const PATIENCE: Duration = Duration::from_secs(30);

/// The steps.
pub(super) fn steps(teller: &mut Teller, store: &Arc<dyn Backend>, dir: &Path) -> Result<()> {
    let sqlite = Sqlite::open(dir.with_extension("db"))
        .or_fail(|| "the database of the demo could not be opened")?;
    let app = Annals::builder()
        .cached(0)
        .projection(Balances, &sqlite, Run::background())
        .build(Arc::clone(store))
        .or_fail(|| "the application of the demo could not be built")?;
    decide(teller, &app)?;
    snapshot(teller, &app)?;
    travel(teller, &app)?;
    project(teller, &app, &sqlite)?;
    block_on(app.stop()).or_fail(|| "the projection of the demo could not be stopped")
}

fn execute(app: &Annals, command: Move) -> annals::Result<u64> {
    let done = app.execute(command).by("dora");
    match block_on(async { done.await }) {
        Ok(committed) => Ok(committed.output),
        Err(error) => Err(annals::Error::new(ErrorKind::Application, error.to_string())),
    }
}

fn load(app: &Annals, at: At) -> Result<annals::Root<Balance>> {
    block_on(app.load(&dora(), at)).or_fail(|| "an account of the demo could not be loaded")
}

const REFUSED: &str = "a command of the demo was refused";

fn decide(teller: &mut Teller, app: &Annals) -> Result<()> {
    teller.step("Dora's account is a Rust type, folded from its events")?;
    execute(app, Move::Deposit(10_000)).or_fail(|| REFUSED)?;
    let left = execute(app, Move::Withdraw(3_000)).or_fail(|| REFUSED)?;
    teller.claim(left == 7_000, "deposited 100.00, withdrew 30.00: the command answers 70.00")?;
    teller.claim(load(app, At::Latest)?.cents == 7_000, "loaded again from its events: 70.00")?;
    let overdraft = app.execute(Move::Withdraw(8_000));
    let refused = block_on(async { overdraft.await }).err();
    let refusal = refused.as_ref().and_then(|error| error.rejection());
    teller.claim(
        refusal == Some(&Insufficient { short: 1_000 })
            && load(app, At::Latest)?.version() == Some(Version::new(1)),
        "80.00 more is refused with the application's own error, and nothing is written",
    )
}

fn snapshot(teller: &mut Teller, app: &Annals) -> Result<()> {
    teller.step("Long histories load fast: a snapshot every 50 events")?;
    for _ in 0..SMALL {
        execute(app, Move::Deposit(1)).or_fail(|| REFUSED)?;
    }
    let began = Instant::now();
    let account = load(app, At::Latest)?;
    let time = took(began.elapsed());
    let saved = account.events_from_snapshot();
    teller.claim(
        saved >= 50 && account.moves == SMALL + 2 && account.cents == 7_000 + SMALL,
        &format!("{} events: {saved} came from the snapshot, loaded in {time}", account.moves),
    )
}

fn travel(teller: &mut Teller, app: &Annals) -> Result<()> {
    teller.step("The account as it was")?;
    let first = load(app, At::Version(Version::FIRST))?;
    teller.claim(first.cents == 10_000, "at version 0 there were 100.00")?;
    let history = block_on(app.history::<Balance>(&dora()))
        .or_fail(|| "the history of the account could not be read")?;
    let blame = history.blame();
    for line in blame.to_string().lines() {
        teller.show(line)?;
    }
    let last = Version::new(SMALL + 1);
    let set_last = |field| {
        let line = blame.of(field)?;
        line.by.as_ref().map(|event| event.version == last)
    };
    teller.claim(
        set_last("/cents") == Some(true) && set_last("/moves") == Some(true),
        "and of each field, which event set it last, when, and who it was",
    )
}

fn project(teller: &mut Teller, app: &Annals, sqlite: &Sqlite) -> Result<()> {
    teller.step("A table in SQLite follows, each event taking effect once")?;
    let failed = || "the projection of the demo failed";
    let balances = app.projection::<Balances>().or_fail(failed)?;
    block_on(balances.fresh(PATIENCE)).or_fail(failed)?;
    let expected = load(app, At::Latest)?;
    let row = (expected.cents as i64, expected.moves as i64);
    teller.claim(
        read(sqlite)? == row,
        &format!("SELECT cents FROM balances: {}, like the account", row.0),
    )?;
    let model = block_on(balances.rebuild()).or_fail(failed)?;
    block_on(balances.switched(&model, PATIENCE)).or_fail(failed)?;
    teller.claim(
        read(sqlite)? == row,
        "rebuilt from nothing beside the old table, and switched when it had caught up",
    )
}

fn read(sqlite: &Sqlite) -> Result<(i64, i64)> {
    let query = sqlite.read(|sql| {
        let query = "SELECT cents, moves FROM balances WHERE account = 'dora'";
        sql.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))
    });
    block_on(query).or_fail(|| "the table of balances could not be read")
}
