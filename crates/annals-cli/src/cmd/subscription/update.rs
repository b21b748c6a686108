//! `annals subscription update`: other settings for a group.

use annals_admin::Start;

use super::{
    named::{Named, shown},
    settings::SettingsArgs,
    start,
};
use crate::{
    exit::Exit,
    failure::{Failure, Result},
    managed::{Managed, Subject},
    session::Session,
};

/// Change the settings of a group; what is not named stays
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription update account-1 mailer --max-retries 3\n  \
    annals subscription update account-1 mailer --strategy pinned --ack-timeout 1min\n\n\
    The consumers of the group have to come again, and it goes on from its checkpoint. Its filter\n\
    stays as it was made.")]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,
    /// Where the group begins while it has no checkpoint
    #[arg(long, value_name = "start|end|N", value_parser = start::parse)]
    from: Option<Start>,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let group = args.named.group()?;
    let what = || format!("{} was not changed", shown(&group));
    let managed = Managed::of(session, Subject::Groups)?;
    let before = managed.wait(what, managed.server().group(&group))?;
    let settings = args.settings.apply(&before.settings);
    let from = args.from.unwrap_or(before.start);
    if (&settings, from) == (&before.settings, before.start) {
        return Err(Failure::usage(
            format!("{} is like that already", shown(&group)),
            "name what is to change, such as `--max-retries 3`; `annals subscription show` has it all",
        ));
    }
    managed.wait(what, managed.server().update_group(&group, from, &settings))?;
    session.note(&format!("{} is changed; its consumers have to come again", shown(&group)));
    Ok(Exit::Ok)
}
