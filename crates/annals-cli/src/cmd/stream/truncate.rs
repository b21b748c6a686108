//! `annals stream truncate`: no longer read the oldest events.

use annals::{ExpectedVersion, StreamMetadata, StreamName, Version};
use futures_lite::future::block_on;

use super::{live, readable};
use crate::{
    confirm::ConfirmArgs,
    exit::Exit,
    failure::{OrFail, Result},
    session::Session,
};

/// Stop reading the oldest events of a stream
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals stream truncate account-1 --before 100 --yes\n\n\
    Events before that version are no longer read from the stream. They stay in the log and in\n\
    reads of the whole store until they are scavenged.")]
pub(crate) struct Args {
    /// The stream
    stream: String,
    /// The first version that stays
    #[arg(long, value_name = "VERSION")]
    before: u64,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let stream: StreamName = args.stream.parse()?;
    let store = session.open()?;
    let info = live(store.as_ref(), &stream)?;
    let last = info.last_version.map_or(0, Version::get);
    // Beyond the last event would look like a deletion to come.
    let before = std::cmp::min(args.before, last.saturating_add(1));
    let gone = before.saturating_sub(info.first_version.get());
    args.confirm.ask(&format!(
        "{gone} of {} of `{stream}` will no longer be read: those before version {before}",
        readable(&info)
    ))?;
    let truncate_before = Some(Version::new(before)).filter(|before| before.get() > 0);
    let metadata = StreamMetadata { truncate_before, ..info.metadata };
    let expected = info.metadata_version.map_or(ExpectedVersion::NoStream, ExpectedVersion::Exact);
    block_on(store.set_stream_metadata(&stream, expected, &metadata))
        .or_fail(|| format!("`{stream}` was not truncated"))?;
    session.note(&format!("`{stream}` now begins at version {before}"));
    Ok(Exit::Ok)
}
