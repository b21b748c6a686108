//! `annals users key`: API keys, for programs.

mod create;
mod ls;
mod revoke;

use clap::Subcommand;

use crate::{exit::Exit, failure::Result, session::Session};

/// Make, list and revoke API keys
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users key create shop --read-only\n  \
    annals users key ls\n  \
    annals users key revoke shop")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Args),
    Ls(ls::Args),
    Revoke(revoke::Args),
}

pub(super) fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.command {
        Command::Create(args) => create::run(&args, session),
        Command::Ls(args) => ls::run(&args, session),
        Command::Revoke(args) => revoke::run(&args, session),
    }
}
