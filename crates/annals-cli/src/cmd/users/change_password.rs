//! `annals users change-password`: another password, for who knows the one of before.

use std::path::PathBuf;

use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    password::{self, PasswordArgs},
    session::Session,
};

/// Change a password, by the one of before
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users change-password ann\n  \
    annals users change-password ann --current-password-file old.txt --password-file new.txt\n\n\
    Without files both are asked for, or are the next two lines of stdin.")]
pub(super) struct Args {
    /// The name to log in with
    #[arg(value_name = "LOGIN")]
    login: String,
    /// A file with the password of before
    #[arg(long, value_name = "FILE")]
    current_password_file: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let managed = Managed::of(session, Subject::Users)?;
    let current = match &args.current_password_file {
        Some(path) => password::in_file(path)?,
        None => password::asked("Password of before: ")?,
    };
    let new = args.password.given_or_asked("New password: ")?;
    let what = || format!("the password of `{}` was not changed", args.login);
    let changed = managed.server().change_password(&args.login, current.reveal(), new.reveal());
    managed.wait(what, changed).map_err(|failure| {
        failure
            .with_hint("users change their own password only, and have to know the one of before")
    })?;
    session.note(&format!("the password of `{}` is changed", args.login));
    Ok(Exit::Ok)
}
