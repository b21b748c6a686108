//! `annals stream show`: what is known about a stream.

use annals::{Category, StreamInfo, StreamStatus, Version};
use serde::Serialize;

use super::{info, word};
use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    output::{Item, Shape},
    session::Session,
};

/// Show what is known about a stream
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals stream show account-1\n  \
    annals stream show account-1 -o json")]
pub(crate) struct Args {
    /// The stream
    stream: String,
}

#[derive(Debug, Serialize)]
struct Row {
    stream: String,
    category: Option<String>,
    status: &'static str,
    first_version: u64,
    last_version: Option<u64>,
    last_recorded_at: Option<String>,
    metadata_version: Option<u64>,
    metadata: serde_json::Value,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &[
        "STREAM",
        "CATEGORY",
        "STATUS",
        "FIRST VERSION",
        "LAST VERSION",
        "LAST RECORDED AT",
        "METADATA VERSION",
        "METADATA",
    ];

    fn cells(&self) -> Vec<String> {
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        vec![
            self.stream.clone(),
            self.category.clone().unwrap_or_default(),
            self.status.to_owned(),
            self.first_version.to_string(),
            number(self.last_version),
            self.last_recorded_at.clone().unwrap_or_default(),
            number(self.metadata_version),
            self.metadata.to_string(),
        ]
    }

    fn key(&self) -> String {
        self.stream.clone()
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let stream = args.stream.parse()?;
    let mut printer = session.printer(Shape::Single)?;
    let store = session.open()?;
    let info = info(store.as_ref(), &stream)?;
    if info.status == StreamStatus::Missing && info.metadata_version.is_none() {
        return Err(annals::Error::stream_not_found(&stream))
            .or_fail(|| "there is nothing to show");
    }
    printer.item(&row(&info))?;
    printer.finish()?;
    Ok(Exit::Ok)
}

fn row(info: &StreamInfo) -> Row {
    Row {
        stream: info.stream.to_string(),
        category: info.stream.category().as_ref().map(Category::to_string),
        status: word(info.status),
        first_version: info.first_version.get(),
        last_version: info.last_version.map(Version::get),
        last_recorded_at: info.last_recorded_at.map(|time| time.to_string()),
        metadata_version: info.metadata_version.map(Version::get),
        metadata: serde_json::from_slice(&info.metadata.to_json()).unwrap_or_default(),
    }
}
