//! The parked events of a group that a command is about: all, or the oldest.

use annals_admin::{GroupName, Server};

use super::named::{Named, shown};
use crate::{
    confirm::ConfirmArgs,
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

#[derive(Debug, clap::Args)]
pub(super) struct Chosen {
    #[command(flatten)]
    named: Named,
    /// Only the oldest ones, this many; else all
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

/// What becomes of them, in words.
pub(super) struct Fate {
    /// What is asked before.
    pub(super) will_be: &'static str,
    /// What is said when it is done.
    pub(super) are: &'static str,
    /// What it was not, when it failed.
    pub(super) was_not: &'static str,
}

impl Chosen {
    /// Does something with them once somebody has agreed.
    pub(super) fn settle(
        &self,
        session: &Session,
        fate: &Fate,
        act: impl AsyncFnOnce(&Server, &GroupName, Option<u64>) -> annals_admin::Result<()>,
    ) -> Result<Exit> {
        let group = self.named.group()?;
        let what = || format!("what {} has parked was not {}", shown(&group), fate.was_not);
        let managed = Managed::of(session, Subject::Groups)?;
        let info = managed.wait(what, managed.server().group(&group))?;
        let count = self.count.map_or(info.parked, |count| count.min(info.parked));
        self.confirm.ask(&format!(
            "{count} of {} parked events of {} will {}",
            info.parked,
            shown(&group),
            fate.will_be
        ))?;
        managed.wait(what, act(managed.server(), &group, self.count))?;
        session.note(&format!("{count} parked events are {}", fate.are));
        Ok(Exit::Ok)
    }
}
