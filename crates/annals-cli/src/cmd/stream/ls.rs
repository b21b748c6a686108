//! `annals stream ls`: the streams of a store.

use annals::{Category, StreamInfo, StreamStatus, Version};
use futures_lite::stream;
use serde::Serialize;

use super::{info, word};
use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    output::{Item, Shape},
    session::Session,
};

/// List the streams, in the order of their first events
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals stream ls\n  \
    annals stream ls --category account -q     names only\n  \
    annals stream ls --all                     deleted and system streams too")]
pub(crate) struct Args {
    /// Only streams of this category
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// Deleted streams, tombstoned ones and those that begin with `$` too
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    stream: String,
    last_version: Option<u64>,
    status: &'static str,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &["STREAM", "LAST VERSION", "STATUS"];

    fn cells(&self) -> Vec<String> {
        let version = self.last_version.map(|version| version.to_string()).unwrap_or_default();
        vec![self.stream.clone(), version, self.status.to_owned()]
    }

    fn key(&self) -> String {
        self.stream.clone()
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let category: Option<Category> = args.category.as_deref().map(str::parse).transpose()?;
    let mut printer = session.printer(Shape::List)?;
    let store = session.open()?;
    for name in stream::block_on(store.streams(category)) {
        let name = name.or_fail(|| "the streams could not be listed")?;
        if name.is_system() && !args.all {
            continue;
        }
        let info = info(store.as_ref(), &name)?;
        if info.status == StreamStatus::Live || args.all {
            printer.item(&row(&info))?;
        }
    }
    printer.finish()?;
    Ok(Exit::Ok)
}

fn row(info: &StreamInfo) -> Row {
    Row {
        stream: info.stream.to_string(),
        last_version: info.last_version.map(Version::get),
        status: word(info.status),
    }
}
