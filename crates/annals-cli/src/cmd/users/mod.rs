//! `annals users`: who may use a server on the store.

mod key;

use clap::Subcommand;

use crate::{exit::Exit, failure::Result, session::Session};

/// Manage the API keys of programs
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users key create shop                    make a key; it is shown once\n  \
    annals users key create shop --file keys.txt    for `annals serve --api-keys keys.txt`\n  \
    annals users key ls")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Key(key::Args),
}

pub(crate) fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.command {
        Command::Key(args) => key::run(args, session),
    }
}
