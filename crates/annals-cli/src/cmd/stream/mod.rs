//! `annals stream`: look at streams, change their settings, take them away.

mod delete;
mod ls;
mod meta;
mod show;
mod tombstone;
mod truncate;

use annals::{Backend, StreamInfo, StreamName, StreamStatus};
use clap::Subcommand;
use futures_lite::future::block_on;

use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    session::Session,
};

/// List streams, show and change one, or take it away
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals stream ls --category account\n  \
    annals stream show account-1\n  \
    annals stream meta account-1 --max-count 1000")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ls(ls::Args),
    Show(show::Args),
    Meta(meta::Args),
    Truncate(truncate::Args),
    Delete(delete::Args),
    Tombstone(tombstone::Args),
}

pub(crate) fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.command {
        Command::Ls(args) => ls::run(&args, session),
        Command::Show(args) => show::run(&args, session),
        Command::Meta(args) => meta::run(&args, session),
        Command::Truncate(args) => truncate::run(&args, session),
        Command::Delete(args) => delete::run(&args, session),
        Command::Tombstone(args) => tombstone::run(&args, session),
    }
}

/// What is known about a stream.
fn info(store: &dyn Backend, stream: &StreamName) -> Result<StreamInfo> {
    block_on(store.stream_info(stream))
        .or_fail(|| format!("stream `{stream}` could not be looked at"))
}

/// What is known about a stream that must be there.
fn live(store: &dyn Backend, stream: &StreamName) -> Result<StreamInfo> {
    let info = info(store, stream)?;
    let error = match info.status {
        StreamStatus::Live => return Ok(info),
        StreamStatus::Missing | StreamStatus::SoftDeleted => {
            annals::Error::stream_not_found(stream)
        }
        StreamStatus::Tombstoned => annals::Error::stream_deleted(stream),
    };
    Err(error).or_fail(|| "nothing was changed")
}

/// The status in a word.
fn word(status: StreamStatus) -> &'static str {
    match status {
        StreamStatus::Missing => "missing",
        StreamStatus::Live => "live",
        StreamStatus::SoftDeleted => "deleted",
        StreamStatus::Tombstoned => "tombstoned",
    }
}

/// How many events can be read, and which, in words.
fn readable(info: &StreamInfo) -> String {
    let first = info.first_version.get();
    match info.last_version {
        Some(last) if last.get() >= first => {
            let count = last.get() - first + 1;
            let s = if count == 1 { "" } else { "s" };
            format!("{count} event{s} (versions {first} to {last})")
        }
        _ => "0 events".to_owned(),
    }
}
