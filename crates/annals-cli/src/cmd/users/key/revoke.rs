//! `annals users key revoke`: the end of an API key.

use annals_server::Keys;
use futures_lite::future::block_on;

use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    session::Session,
};

/// Revoke an API key; servers on the store refuse it from then on
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users key revoke shop")]
pub(super) struct Args {
    /// The name of the key
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let keys = Keys::new(session.open()?);
    let revoked = block_on(keys.revoke(&args.name));
    revoked.or_fail(|| format!("the key `{}` was not revoked", args.name))?;
    session.note(&format!("`{}` is revoked", args.name));
    Ok(Exit::Ok)
}
