//! `annals info`: the size and state of a store.

use annals::StoreInfo;
use futures_lite::future::block_on;
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    output::{Item, Shape},
    session::Session,
};

/// Show the size and state of the store
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals info\n  \
    annals info -o json --at file:./other")]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct Row {
    store: String,
    backend: &'static str,
    store_id: Option<String>,
    events: u64,
    streams: u64,
    head: Option<u64>,
    bytes: Option<u64>,
    segments: Option<u64>,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] =
        &["STORE", "BACKEND", "STORE ID", "EVENTS", "STREAMS", "HEAD", "BYTES", "SEGMENTS"];

    fn cells(&self) -> Vec<String> {
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        vec![
            self.store.clone(),
            self.backend.to_owned(),
            self.store_id.clone().unwrap_or_default(),
            self.events.to_string(),
            self.streams.to_string(),
            number(self.head),
            number(self.bytes),
            number(self.segments),
        ]
    }

    fn key(&self) -> String {
        self.store_id.clone().unwrap_or_else(|| self.store.clone())
    }
}

pub(crate) fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::Single)?;
    let store = session.open()?;
    let info = block_on(store.info()).or_fail(|| "the store could not be looked at")?;
    printer.item(&row(session.shown(), info))?;
    printer.finish()?;
    Ok(Exit::Ok)
}

fn row(store: String, info: StoreInfo) -> Row {
    Row {
        store,
        backend: info.backend,
        store_id: info.store_id,
        events: info.events,
        streams: info.streams,
        head: info.head.map(annals::Position::get),
        bytes: info.bytes,
        segments: info.segments,
    }
}
