//! `annals stream meta`: the settings of a stream, shown and changed.

use std::io::Write;

use annals::{ExpectedVersion, StreamInfo, StreamMetadata, StreamName};
use futures_lite::future::block_on;

use super::info;
use crate::{
    cmd::append::key_value,
    exit::Exit,
    failure::{OrFail, Result},
    payload,
    session::Session,
};

/// Show or change the settings of a stream
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals stream meta account-1                       show them as JSON\n  \
    annals stream meta account-1 --max-count 1000      only the newest 1,000 events are read\n  \
    annals stream meta account-1 --max-age 86400 --set owner=ann\n  \
    annals stream meta account-1 --replace '{}'        back to the defaults\n\n\
    Settings that are not named stay. Nothing is removed from the log by them.")]
pub(crate) struct Args {
    /// The stream
    stream: String,
    /// Read only this many of the newest events; 0 removes the limit
    #[arg(long, value_name = "COUNT")]
    max_count: Option<u64>,
    /// Read only events younger than this many seconds; 0 removes the limit
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,
    /// How many seconds answers may be cached; 0 removes the setting
    #[arg(long, value_name = "SECONDS")]
    cache_control: Option<u64>,
    /// A field of your own
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Replace all settings: JSON, `-` for stdin, `@FILE` for a file
    #[arg(
        long,
        value_name = "JSON|-|@FILE",
        conflicts_with_all = ["max_count", "max_age", "cache_control", "set"]
    )]
    replace: Option<String>,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let stream: StreamName = args.stream.parse()?;
    if !args.changes() {
        let store = session.open()?;
        let info = info(store.as_ref(), &stream)?;
        return print(&info.metadata);
    }
    let replacement = args.replace.as_deref().map(payload::read).transpose()?;
    let replacement = replacement.map(|json| StreamMetadata::parse(&json)).transpose()?;
    let store = session.open_or_create()?;
    let info = info(store.as_ref(), &stream)?;
    let metadata = match replacement {
        Some(metadata) => metadata,
        None => args.changed(&info)?,
    };
    // What somebody else set in between is not overwritten unseen.
    let expected = info.metadata_version.map_or(ExpectedVersion::NoStream, ExpectedVersion::Exact);
    block_on(store.set_stream_metadata(&stream, expected, &metadata))
        .or_fail(|| format!("the settings of `{stream}` were not changed"))?;
    print(&metadata)
}

fn print(metadata: &StreamMetadata) -> Result<Exit> {
    let mut stdout = std::io::stdout();
    stdout.write_all(&metadata.to_json())?;
    stdout.write_all(b"\n")?;
    Ok(Exit::Ok)
}

impl Args {
    fn changes(&self) -> bool {
        let numbers = [self.max_count, self.max_age, self.cache_control];
        numbers.iter().any(Option::is_some) || !self.set.is_empty() || self.replace.is_some()
    }

    fn changed(&self, info: &StreamInfo) -> Result<StreamMetadata> {
        let change = |new: Option<u64>, old: Option<u64>| match new {
            None => old,
            Some(0) => None,
            Some(number) => Some(number),
        };
        let old = info.metadata.clone();
        let mut metadata = StreamMetadata {
            max_count: change(self.max_count, old.max_count),
            max_age_seconds: change(self.max_age, old.max_age_seconds),
            cache_control_seconds: change(self.cache_control, old.cache_control_seconds),
            ..old
        };
        for pair in &self.set {
            let (key, value) = key_value(pair)?;
            if key.starts_with('$') {
                let why = format!("`{key}` is a setting of the store; use its own flag");
                return Err(annals::Error::invalid(why).into());
            }
            metadata.custom.insert(key.to_owned(), value.into());
        }
        Ok(metadata)
    }
}
