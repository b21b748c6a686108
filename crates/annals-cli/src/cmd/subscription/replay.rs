//! `annals subscription replay-parked`: parked events, tried again.

use super::named::{Named, shown};
use crate::{
    confirm::ConfirmArgs,
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

/// Give parked events to the consumers again, before new ones
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription replay-parked account-1 mailer\n  \
    annals subscription replay-parked account-1 mailer --count 1 --yes")]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,
    /// Only the oldest ones, this many; else all
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let group = args.named.group()?;
    let what = || format!("what {} has parked was not tried again", shown(&group));
    let managed = Managed::of(session, Subject::Groups)?;
    let info = managed.wait(what, managed.server().group(&group))?;
    let count = args.count.map_or(info.parked, |count| count.min(info.parked));
    args.confirm.ask(&format!(
        "{count} of {} parked events of {} will be given to its consumers again",
        info.parked,
        shown(&group)
    ))?;
    managed.wait(what, managed.server().replay_parked(&group, args.count))?;
    session.note(&format!("{count} parked events are tried again"));
    Ok(Exit::Ok)
}
