//! `annals users ls`: the users of a server.

use super::row::Row;
use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    output::Shape,
    session::Session,
};

/// List the users of a server
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users ls\n  \
    annals users ls -o json")]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::List)?;
    let managed = Managed::of(session, Subject::Users)?;
    for user in managed.wait(|| "the users could not be listed", managed.server().users())? {
        printer.item(&Row::from(user))?;
    }
    printer.finish()?;
    Ok(Exit::Ok)
}
