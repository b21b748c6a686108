//! `annals users`: who may use a server, and what programs prove themselves by.
//!
//! Users are managed by their server; API keys, and the way back in for an administrator who has
//! lost it, are a matter of the store.

mod change_password;
mod create;
mod delete;
mod disable;
mod enable;
mod groups;
mod key;
mod ls;
mod reset_password;
mod row;
mod show;

use clap::Subcommand;

use crate::{exit::Exit, failure::Result, session::Session};

/// Manage the users of a server, and the API keys of programs
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    export ANNALS_AT=annals://admin:PASSWORD@localhost   whose users; an argument is seen by others\n  \
    annals users create ann --group '$ops'\n  \
    annals users disable ann\n  \
    annals users reset-password admin --at file:./annals-data   in the store of a stopped server\n  \
    annals users key create shop --at file:./annals-data        make an API key")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Args),
    Ls(ls::Args),
    Show(show::Args),
    Groups(groups::Args),
    Disable(disable::Args),
    Enable(enable::Args),
    Delete(delete::Args),
    ChangePassword(change_password::Args),
    ResetPassword(reset_password::Args),
    Key(key::Args),
}

pub(crate) fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.command {
        Command::Create(args) => create::run(&args, session),
        Command::Ls(args) => ls::run(&args, session),
        Command::Show(args) => show::run(&args, session),
        Command::Groups(args) => groups::run(&args, session),
        Command::Disable(args) => disable::run(&args, session),
        Command::Enable(args) => enable::run(&args, session),
        Command::Delete(args) => delete::run(&args, session),
        Command::ChangePassword(args) => change_password::run(&args, session),
        Command::ResetPassword(args) => reset_password::run(&args, session),
        Command::Key(args) => key::run(args, session),
    }
}
