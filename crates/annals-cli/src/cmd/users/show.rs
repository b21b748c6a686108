//! `annals users show`: a user of a server.

use super::row::Row;
use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    output::Shape,
    session::Session,
};

/// Show a user of a server
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users show ann")]
pub(super) struct Args {
    /// The name to log in with
    #[arg(value_name = "LOGIN")]
    login: String,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::Single)?;
    let managed = Managed::of(session, Subject::Users)?;
    let what = || format!("the user `{}` could not be looked at", args.login);
    printer.item(&Row::from(managed.wait(what, managed.server().user(&args.login))?))?;
    printer.finish()?;
    Ok(Exit::Ok)
}
