//! `annals cert`: certificates for trying encrypted connections.

mod dev;

use clap::Subcommand;

use crate::{exit::Exit, failure::Result, session::Session};

/// Make certificates for local use
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals cert dev                        for `localhost`, in ./annals-certs\n  \
    annals cert dev --host db.internal     also for another name")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Dev(dev::Args),
}

pub(crate) fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.command {
        Command::Dev(args) => dev::run(&args, session),
    }
}
