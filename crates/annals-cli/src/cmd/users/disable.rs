//! `annals users disable`: keep a user out.

use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

/// Keep a user out until they are enabled again
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users disable ann")]
pub(super) struct Args {
    /// The name to log in with
    #[arg(value_name = "LOGIN")]
    login: String,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let managed = Managed::of(session, Subject::Users)?;
    let what = || format!("the user `{}` was not disabled", args.login);
    managed.wait(what, managed.server().disable_user(&args.login))?;
    session.note(&format!("`{}` may no longer log in", args.login));
    Ok(Exit::Ok)
}
