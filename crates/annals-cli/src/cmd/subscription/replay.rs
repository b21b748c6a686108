//! `annals subscription replay-parked`: parked events, tried again.

use super::chosen::{Chosen, Fate};
use crate::{exit::Exit, failure::Result, session::Session};

/// Give parked events to the consumers again, before new ones
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription replay-parked account-1 mailer\n  \
    annals subscription replay-parked account-1 mailer --count 1 --yes")]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,
}

const TRIED_AGAIN: Fate =
    Fate { will_be: "be given to its consumers again", are: "tried again", was_not: "tried again" };

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    args.chosen.settle(session, &TRIED_AGAIN, async |server, group, count| {
        server.replay_parked(group, count).await
    })
}
