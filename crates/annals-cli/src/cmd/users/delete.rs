//! `annals users delete`: the end of a user.

use crate::{
    confirm::ConfirmArgs,
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

/// Delete a user; the login can be given to somebody again
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users delete ann --yes")]
pub(super) struct Args {
    /// The name to log in with
    #[arg(value_name = "LOGIN")]
    login: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let managed = Managed::of(session, Subject::Users)?;
    args.confirm.ask(&format!("the user `{}` will be gone", args.login))?;
    let what = || format!("the user `{}` was not deleted", args.login);
    managed.wait(what, managed.server().delete_user(&args.login))?;
    session.note(&format!("`{}` is deleted", args.login));
    Ok(Exit::Ok)
}
