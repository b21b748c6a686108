//! `annals users create`: a new user of a server.

use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    password::PasswordArgs,
    session::Session,
};

/// Make a user; the password is asked for, or the next line of stdin
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users create ann\n  \
    annals users create ann --name 'Ann Example' --group '$ops' --password-file ann.txt\n  \
    openssl rand -base64 18 | tee ann.txt | annals users create ann")]
pub(super) struct Args {
    /// The name to log in with
    #[arg(value_name = "LOGIN")]
    login: String,
    /// The name for people; by default the login
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A group of users to be in; `$admins` may do everything, `$ops` run the server
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let managed = Managed::of(session, Subject::Users)?;
    let login = &args.login;
    let password = args.password.given_or_asked(&format!("Password of `{login}`: "))?;
    let name = args.name.as_ref().unwrap_or(login);
    let groups = args.groups.clone();
    let made = managed.server().create_user(login, name, groups, password.reveal());
    managed.wait(|| format!("the user `{login}` was not made"), made)?;
    session.note(&format!("`{login}` may log in"));
    Ok(Exit::Ok)
}
