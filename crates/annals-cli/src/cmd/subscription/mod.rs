//! `annals subscription`: groups of consumers, which a server keeps.

mod chosen;
mod consume;
mod create;
mod delete;
mod discard;
mod ls;
mod named;
mod parked;
mod replay;
mod restart;
mod settings;
mod show;
mod start;
mod update;

use clap::Subcommand;

use crate::{exit::Exit, failure::Result, session::Session};

/// Manage persistent subscriptions: groups of consumers of a server
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription create account-1 mailer\n  \
    annals subscription create '$all' reports --filter-stream account-,order-\n  \
    annals subscription consume account-1 mailer\n  \
    annals subscription parked account-1 mailer\n\n\
    The server is any that speaks the protocol of KurrentDB, named by `--at` or ANNALS_AT:\n\
    `annals://...`, `kurrentdb://...` or `esdb://...`.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Args),
    Update(update::Args),
    Delete(delete::Args),
    Ls(ls::Args),
    Show(show::Args),
    Consume(consume::Args),
    Parked(parked::Args),
    ReplayParked(replay::Args),
    DiscardParked(discard::Args),
    Restart(restart::Args),
}

pub(crate) fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.command {
        Command::Create(args) => create::run(&args, session),
        Command::Update(args) => update::run(&args, session),
        Command::Delete(args) => delete::run(&args, session),
        Command::Ls(args) => ls::run(&args, session),
        Command::Show(args) => show::run(&args, session),
        Command::Consume(args) => consume::run(&args, session),
        Command::Parked(args) => parked::run(&args, session),
        Command::ReplayParked(args) => replay::run(&args, session),
        Command::DiscardParked(args) => discard::run(&args, session),
        Command::Restart(args) => restart::run(&args, session),
    }
}
