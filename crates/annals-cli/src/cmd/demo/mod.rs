//! `annals demo`: everything at once, on a store in a temporary folder.
//!
//! One story in steps, each a function. Every claim that is printed was checked first; a claim
//! that does not hold ends the demo with an error.

mod bank;
mod boundary;
mod crash;
mod dora;
mod follow;
mod framework;
mod reading;
mod teller;
mod writing;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use annals::{Backend, StoreUrl};
use futures_lite::future::block_on;

use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    session::Session,
};
use bank::Bank;
use teller::Teller;

/// Watch everything work, on a store in a temporary folder
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals demo\n\n\
    Needs no service and leaves nothing behind. Every claim is checked; one that does not hold\n\
    ends the demo with an error.")]
pub(crate) struct Args {
    /// Be the process that is killed: append to the store in this folder until then
    #[arg(long, value_name = "DIR", hide = true)]
    writer: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    if let Some(dir) = &args.writer {
        crash::write_until_killed(dir)?;
        return Ok(Exit::Ok);
    }
    let began = Instant::now();
    let temporary = tempfile::Builder::new()
        .prefix("annals-demo-")
        .tempdir()
        .or_fail(|| "no temporary folder could be made")?;
    let dir = temporary.path().join("data");
    let mut teller = Teller::new(session.style());
    teller.title(&format!("A small bank, on a new store in {}", dir.display()))?;
    story(&mut teller, &dir)?;
    temporary.close().or_fail(|| "the temporary folder could not be removed")?;
    teller.end(began.elapsed())?;
    Ok(Exit::Ok)
}

/// The steps.
fn story(teller: &mut Teller, dir: &Path) -> Result<()> {
    let mut bank = Bank::new(open(dir)?);
    writing::open_accounts(teller, &mut bank)?;
    writing::append(teller, &mut bank)?;
    writing::refuse_stale(teller, &mut bank)?;
    writing::repeat(teller, &mut bank)?;
    writing::transfer(teller, &mut bank)?;
    boundary::unique_email(teller, &mut bank)?;
    reading::read(teller, &bank)?;
    follow::follow(teller, &mut bank)?;
    framework::steps(teller, &bank.store, dir)?;
    bank.close()?;
    crash::kill_and_reopen(teller, dir)?;
    crash::verify(teller, dir)
}

fn open(dir: &Path) -> Result<Arc<dyn Backend>> {
    block_on(StoreUrl::File(dir.to_owned()).open())
        .or_fail(|| "the store of the demo could not be opened")
}
