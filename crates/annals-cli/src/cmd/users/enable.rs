//! `annals users enable`: let a user in again.

use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

/// Let a user in again who was disabled
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users enable ann")]
pub(super) struct Args {
    /// The name to log in with
    #[arg(value_name = "LOGIN")]
    login: String,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let managed = Managed::of(session, Subject::Users)?;
    let what = || format!("the user `{}` was not enabled", args.login);
    managed.wait(what, managed.server().enable_user(&args.login))?;
    session.note(&format!("`{}` may log in", args.login));
    Ok(Exit::Ok)
}
