//! `annals stream delete`: delete a stream so that it can come back.

use annals::{Backend, DeleteMode, DeleteStream, ExpectedVersion, StreamName};
use futures_lite::future::block_on;

use super::{live, readable};
use crate::{
    cmd::append::expected,
    confirm::ConfirmArgs,
    exit::Exit,
    failure::{OrFail, Result},
    session::Session,
};

/// Delete a stream; the next append brings it back, numbering on
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals stream delete account-1\n  \
    annals stream delete account-1 --expect 7 --yes\n\n\
    Its events are no longer read from the stream. They stay in the log and in reads of the\n\
    whole store until they are scavenged.")]
pub(crate) struct Args {
    /// The stream
    stream: String,
    /// What the stream must look like before: any, exists, or the version of its last event
    #[arg(long, value_name = "any|exists|N", default_value = "any")]
    expect: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let stream: StreamName = args.stream.parse()?;
    let expected = expected(&args.expect)?;
    let store = session.open()?;
    let info = live(store.as_ref(), &stream)?;
    args.confirm.ask(&format!(
        "{} of `{stream}` will no longer be read; an append brings the stream back empty",
        readable(&info)
    ))?;
    delete(store.as_ref(), &stream, expected, DeleteMode::Soft)?;
    session.note(&format!("`{stream}` is deleted"));
    Ok(Exit::Ok)
}

/// Deletes a stream.
pub(super) fn delete(
    store: &dyn Backend,
    stream: &StreamName,
    expected: ExpectedVersion,
    mode: DeleteMode,
) -> Result<()> {
    let delete = DeleteStream { stream: stream.clone(), expected, mode };
    block_on(store.delete_stream(delete)).or_fail(|| format!("`{stream}` was not deleted"))?;
    Ok(())
}
