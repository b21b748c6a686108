//! `annals subscription ls`: the groups of a server.

use annals_admin::{GroupInfo, Refused, Source};
use serde::Serialize;

use super::settings::strategy_shown;
use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    output::{Item, Shape},
    session::Session,
};

/// List the groups of a server
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "list",
    before_help = "Examples:\n  \
    annals subscription ls\n  \
    annals subscription ls --stream account-1 -o json\n  \
    annals subscription ls --stream '$all'"
)]
pub(super) struct Args {
    /// Only groups on this stream, or on `$all`
    #[arg(long, value_name = "STREAM")]
    stream: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    stream: String,
    group: String,
    status: String,
    strategy: &'static str,
    consumers: usize,
    in_flight: u64,
    parked: u64,
    checkpoint: Option<u64>,
    last_known: Option<u64>,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &[
        "STREAM",
        "GROUP",
        "STATUS",
        "STRATEGY",
        "CONSUMERS",
        "IN FLIGHT",
        "PARKED",
        "CHECKPOINT",
        "LAST KNOWN",
    ];

    fn cells(&self) -> Vec<String> {
        let place = |place: Option<u64>| place.map(|place| place.to_string()).unwrap_or_default();
        vec![
            self.stream.clone(),
            self.group.clone(),
            self.status.clone(),
            self.strategy.to_owned(),
            self.consumers.to_string(),
            self.in_flight.to_string(),
            self.parked.to_string(),
            place(self.checkpoint),
            place(self.last_known),
        ]
    }

    fn key(&self) -> String {
        format!("{}::{}", self.stream, self.group)
    }
}

impl From<GroupInfo> for Row {
    fn from(info: GroupInfo) -> Self {
        Self {
            stream: info.group.source.to_string(),
            group: info.group.name,
            status: info.status,
            strategy: strategy_shown(info.settings.strategy),
            consumers: info.connections.len(),
            in_flight: info.in_flight,
            parked: info.parked,
            checkpoint: info.checkpoint,
            last_known: info.last_known,
        }
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let source: Option<Source> = args.stream.as_deref().map(str::parse).transpose()?;
    let mut printer = session.printer(Shape::List)?;
    let managed = Managed::of(session, Subject::Groups)?;
    let asked = async {
        match managed.server().groups(source.as_ref()).await {
            // Nothing is there to be listed, which is no failure of a list.
            Err(Refused::NotFound(_)) => Ok(Vec::new()),
            listed => listed,
        }
    };
    for info in managed.wait(|| "the groups could not be listed", asked)? {
        printer.item(&Row::from(info))?;
    }
    printer.finish()?;
    Ok(Exit::Ok)
}
