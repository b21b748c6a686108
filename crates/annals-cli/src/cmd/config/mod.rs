//! `annals config`: the settings of the server.

mod show;

use clap::Subcommand;

use crate::{exit::Exit, failure::Result, session::Session};

/// Look at the settings of the server
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    subcommand_required = true,
    before_help = "Examples:\n  \
    annals config show --sources\n  \
    annals config show --sources --config annals.toml --listen 127.0.0.1:9000"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Config,
}

#[derive(Debug, Subcommand)]
enum Config {
    Show(show::Args),
}

pub(crate) fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.command {
        Config::Show(args) => show::run(&args, session),
    }
}
