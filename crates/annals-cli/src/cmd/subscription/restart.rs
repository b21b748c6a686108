//! `annals subscription restart`: all groups of a server, begun anew.

use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

/// Start all groups of the server anew from what is stored
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription restart\n\n\
    Their consumers have to come again.")]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let managed = Managed::of(session, Subject::Groups)?;
    managed.wait(|| "the groups were not started anew", managed.server().restart_groups())?;
    session.note("all groups are started anew");
    Ok(Exit::Ok)
}
