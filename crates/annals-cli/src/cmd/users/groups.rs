//! `annals users groups`: the groups that a user of a server is in.

use std::io::Write;

use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

/// Print the groups of a user, one a line, and change them
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users groups ann\n  \
    annals users groups ann --add '$ops' --remove reporters")]
pub(super) struct Args {
    /// The name to log in with
    #[arg(value_name = "LOGIN")]
    login: String,
    /// A group to be in from now on
    #[arg(long, value_name = "GROUP")]
    add: Vec<String>,
    /// A group to be in no more
    #[arg(long, value_name = "GROUP")]
    remove: Vec<String>,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let managed = Managed::of(session, Subject::Users)?;
    let what = || format!("the groups of `{}` could not be looked at", args.login);
    let mut user = managed.wait(what, managed.server().user(&args.login))?;
    let before = user.groups.clone();
    user.groups.retain(|group| !args.remove.contains(group));
    for group in &args.add {
        if !user.groups.contains(group) {
            user.groups.push(group.clone());
        }
    }
    if user.groups != before {
        let what = || format!("the groups of `{}` were not changed", args.login);
        managed.wait(what, managed.server().update_user(&user))?;
    }
    let mut stdout = std::io::stdout();
    for group in &user.groups {
        writeln!(stdout, "{}", crate::output::escape(group))?;
    }
    Ok(Exit::Ok)
}
