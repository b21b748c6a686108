//! `annals info`: the size and state of a store.

use annals::{Backend, StoreInfo, StoreUrl};
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
    /// Not known of a store that does not count.
    events: Option<u64>,
    streams: Option<u64>,
    head: Option<u64>,
    bytes: Option<u64>,
    segments: Option<u64>,
    /// Of a node of a cluster: its name, and the last entry of the log that it has applied.
    node: Option<String>,
    applied: Option<u64>,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &[
        "STORE", "BACKEND", "STORE ID", "EVENTS", "STREAMS", "HEAD", "BYTES", "SEGMENTS", "NODE",
        "APPLIED",
    ];

    fn cells(&self) -> Vec<String> {
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        vec![
            self.store.clone(),
            self.backend.to_owned(),
            self.store_id.clone().unwrap_or_default(),
            number(self.events),
            number(self.streams),
            number(self.head),
            number(self.bytes),
            number(self.segments),
            self.node.clone().unwrap_or_default(),
            number(self.applied),
        ]
    }

    fn key(&self) -> String {
        self.store_id.clone().unwrap_or_else(|| self.store.clone())
    }
}

pub(crate) fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::Single)?;
    let opened = session.open()?;
    let store = session.url().to_string();
    let row = match session.url() {
        StoreUrl::KurrentDb(_) => uncounted(store, opened.as_ref())?,
        _ => row(store, block_on(opened.info()).or_fail(WHAT)?),
    };
    let this = opened.nodes().into_iter().find(|node| node.is_this);
    let row = match this {
        Some(node) => Row { node: Some(node.name.to_string()), applied: Some(node.applied), ..row },
        None => row,
    };
    printer.item(&row)?;
    printer.finish()?;
    Ok(Exit::Ok)
}

const WHAT: fn() -> &'static str = || "the store could not be looked at";

/// What there is to know of a store that does not count.
fn uncounted(store: String, opened: &dyn Backend) -> Result<Row> {
    let head = block_on(opened.head()).or_fail(WHAT)?;
    Ok(Row {
        store,
        backend: "kurrentdb",
        store_id: None,
        events: None,
        streams: None,
        head: head.map(annals::Position::get),
        bytes: None,
        segments: None,
        node: None,
        applied: None,
    })
}

fn row(store: String, info: StoreInfo) -> Row {
    Row {
        store,
        backend: info.backend,
        store_id: info.store_id,
        events: Some(info.events),
        streams: Some(info.streams),
        head: info.head.map(annals::Position::get),
        bytes: info.bytes,
        segments: info.segments,
        node: None,
        applied: None,
    }
}
