//! `annals users key ls`: the API keys of the store.

use annals_server::{KeyAccess, Keys, StoredKey};
use futures_lite::future::block_on;
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    output::{Item, Shape},
    session::Session,
};

/// List the API keys of the store
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users key ls\n  \
    annals users key ls -o json")]
pub(super) struct Args {}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    access: &'static str,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &["NAME", "ACCESS"];

    fn cells(&self) -> Vec<String> {
        vec![self.name.clone(), self.access.to_owned()]
    }

    fn key(&self) -> String {
        self.name.clone()
    }
}

impl From<StoredKey> for Row {
    fn from(key: StoredKey) -> Self {
        let access = match key.access {
            KeyAccess::ReadOnly => "read-only",
            KeyAccess::ReadWrite => "read-write",
        };
        Self { name: key.name, access }
    }
}

pub(super) fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::List)?;
    let keys = Keys::new(session.open()?);
    let list = block_on(keys.list()).or_fail(|| "the keys could not be listed")?;
    for key in list {
        printer.item(&Row::from(key))?;
    }
    printer.finish()?;
    Ok(Exit::Ok)
}
