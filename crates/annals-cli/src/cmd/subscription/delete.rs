//! `annals subscription delete`: the end of a group.

use super::named::{Named, shown};
use crate::{
    confirm::ConfirmArgs,
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

/// Delete a group, with how far it was and what it parked
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription delete account-1 mailer\n  \
    annals subscription delete account-1 mailer --yes\n\n\
    The events themselves stay where they are.")]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let group = args.named.group()?;
    let what = || format!("{} was not deleted", shown(&group));
    let managed = Managed::of(session, Subject::Groups)?;
    let info = managed.wait(what, managed.server().group(&group))?;
    args.confirm.ask(&format!(
        "{} will be gone, with {} consumers and {} parked events",
        shown(&group),
        info.connections.len(),
        info.parked
    ))?;
    managed.wait(what, managed.server().delete_group(&group))?;
    session.note(&format!("{} is deleted", shown(&group)));
    Ok(Exit::Ok)
}
