//! `annals stream tombstone`: close a stream for good.

use annals::{DeleteMode, StreamName, StreamStatus};

use super::{delete::delete, info, readable};
use crate::{
    cmd::append::expected,
    confirm::ConfirmArgs,
    exit::Exit,
    failure::{OrFail, Result},
    session::Session,
};

/// Close a stream for good: its name can never be used again
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals stream tombstone account-1\n  \
    annals stream tombstone account-1 --expect 7 --yes\n\n\
    This cannot be undone. The events stay in the log and in reads of the whole store until they\n\
    are scavenged.")]
pub(crate) struct Args {
    /// The stream
    stream: String,
    /// What the stream must look like before: any, none, exists, or the version of its last event
    #[arg(long, value_name = "any|none|exists|N", default_value = "any")]
    expect: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let stream: StreamName = args.stream.parse()?;
    let expected = expected(&args.expect)?;
    let store = session.open()?;
    let info = info(store.as_ref(), &stream)?;
    if info.status == StreamStatus::Tombstoned {
        return Err(annals::Error::stream_deleted(&stream)).or_fail(|| "nothing was changed");
    }
    args.confirm.ask(&format!(
        "{} of `{stream}` will no longer be read, and its name can never be used again",
        readable(&info)
    ))?;
    delete(store.as_ref(), &stream, expected, DeleteMode::Tombstone)?;
    session.note(&format!("`{stream}` is closed for good"));
    Ok(Exit::Ok)
}
