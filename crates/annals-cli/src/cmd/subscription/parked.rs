//! `annals subscription parked`: what a group has put aside.

use annals_admin::Parked;
use serde::Serialize;

use super::named::{Named, shown};
use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    output::{Item, Shape},
    session::Session,
};

/// List the events that consumers could not deal with, and why
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription parked account-1 mailer\n  \
    annals subscription parked account-1 mailer -o json | jq '.[].reason'")]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,
    /// At most this many, the oldest first
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = i64::MAX.unsigned_abs(), hide_default_value = true)]
    limit: u64,
}

#[derive(Debug, Serialize)]
struct Row {
    number: u64,
    stream: Option<String>,
    version: Option<u64>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    id: Option<String>,
    added: Option<String>,
    reason: String,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] =
        &["NUMBER", "STREAM", "VERSION", "TYPE", "ID", "ADDED", "REASON"];

    fn cells(&self) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            self.number.to_string(),
            text(&self.stream),
            self.version.map(|version| version.to_string()).unwrap_or_default(),
            text(&self.event_type),
            text(&self.id),
            text(&self.added),
            self.reason.clone(),
        ]
    }

    fn key(&self) -> String {
        self.number.to_string()
    }
}

impl From<Parked> for Row {
    fn from(parked: Parked) -> Self {
        let event = parked.event.as_ref();
        Self {
            number: parked.number,
            stream: event.map(|event| event.stream.to_string()),
            version: event.map(|event| event.version.get()),
            event_type: event.map(|event| event.event_type.to_string()),
            id: event.map(|event| event.id.to_string()),
            added: parked.added.map(|time| time.to_string()),
            reason: parked.reason,
        }
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let group = args.named.group()?;
    let mut printer = session.printer(Shape::List)?;
    let managed = Managed::of(session, Subject::Groups)?;
    let what = || format!("what {} has parked could not be read", shown(&group));
    for parked in managed.wait(what, managed.server().parked(&group, args.limit))? {
        printer.item(&Row::from(parked))?;
    }
    printer.finish()?;
    Ok(Exit::Ok)
}
