//! `annals subscription discard-parked`: parked events, given up.

use super::chosen::{Chosen, Fate};
use crate::{exit::Exit, failure::Result, session::Session};

/// Give up parked events: no consumer will get them again
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription discard-parked account-1 mailer\n  \
    annals subscription discard-parked account-1 mailer --count 1 --yes\n\n\
    The events themselves stay where they are.")]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,
}

const GIVEN_UP: Fate =
    Fate { will_be: "never be given to its consumers again", are: "given up", was_not: "given up" };

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    args.chosen.settle(session, &GIVEN_UP, async |server, group, count| {
        server.discard_parked(group, count).await
    })
}
