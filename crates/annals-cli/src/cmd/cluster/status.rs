//! `annals cluster status`: how it stands with the log and the nodes.

use annals::cluster::setup::{self, LogState};
use serde::Serialize;

use super::{
    heard::{self, Differing, Heard},
    log::Log,
};
use crate::{
    exit::Exit,
    failure::{Failure, Result},
    output::{Format, Item, Shape},
    session::Session,
};

/// Show how it stands with the log and the nodes
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals cluster status --at nats://a:4222,b:4222,c:4222/orders\n  \
    annals cluster status --at nats://a:4222/orders -o json | jq '.nodes[].applied'\n\n\
    It asks the leader of the log, and listens for two seconds to what the nodes tell of\n\
    themselves; one that is not running or cut off is not listed.\n\n\
    Exit code 1 when a node has trouble, 7 when two nodes have different stores at the same entry.")]
pub(super) struct Args {}

#[derive(Debug, Serialize)]
struct Status {
    log: LogRow,
    nodes: Vec<heard::Row>,
    differing: Option<Differing>,
}

#[derive(Debug, Serialize)]
struct LogRow {
    stream: String,
    version: String,
    leader: Option<String>,
    replicas: Vec<Replica>,
    replicas_wanted: u64,
    first_entry: u64,
    last_entry: u64,
    bytes: u64,
    max_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Replica {
    server: String,
    leader: bool,
    current: bool,
    online: bool,
    lag: u64,
}

impl Item for Status {
    const COLUMNS: &'static [&'static str] = LogRow::COLUMNS;

    fn cells(&self) -> Vec<String> {
        self.log.cells()
    }

    fn key(&self) -> String {
        self.log.key()
    }
}

impl Item for LogRow {
    const COLUMNS: &'static [&'static str] =
        &["LOG", "LEADER", "REPLICAS", "FIRST ENTRY", "LAST ENTRY", "BYTES", "MAX BYTES", "SERVER"];

    fn cells(&self) -> Vec<String> {
        let replicas = self.replicas.iter().map(Replica::shown).collect::<Vec<_>>().join(", ");
        vec![
            self.stream.clone(),
            self.leader.clone().unwrap_or_else(|| "none".to_owned()),
            format!("{} wanted: {replicas}", self.replicas_wanted),
            self.first_entry.to_string(),
            self.last_entry.to_string(),
            self.bytes.to_string(),
            self.max_bytes.map_or_else(|| "no limit".to_owned(), |bytes| bytes.to_string()),
            format!("nats-server {}", self.version),
        ]
    }

    fn key(&self) -> String {
        self.stream.clone()
    }
}

impl Replica {
    fn shown(&self) -> String {
        let Self { server, lag, .. } = self;
        if !self.online {
            format!("{server} away")
        } else if self.current {
            format!("{server} current")
        } else {
            format!("{server} {lag} behind")
        }
    }
}

impl LogRow {
    fn new(stream: String, state: LogState) -> Self {
        let leader = state.replicas.iter().find(|replica| replica.leader);
        Self {
            stream,
            leader: leader.map(|leader| leader.server.clone()),
            version: state.version,
            replicas_wanted: state.replicas_wanted,
            first_entry: state.extent.first,
            last_entry: state.extent.last,
            bytes: state.extent.bytes,
            max_bytes: state.extent.bytes_max,
            replicas: state.replicas.into_iter().map(Replica::from).collect(),
        }
    }
}

impl From<setup::Replica> for Replica {
    fn from(replica: setup::Replica) -> Self {
        let setup::Replica { server, leader, current, online, lag } = replica;
        Self { server, leader, current, online, lag }
    }
}

pub(super) fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::Single)?;
    let log = Log::of(session)?;
    let target = log.target();
    let what = || format!("the log of `{}` could not be looked at", target.store());
    let state = log.wait(what, setup::state(target))?;
    let heard = Heard::listen(&log, session)?;
    let status = Status {
        log: LogRow::new(target.store().stream(), state),
        nodes: heard.nodes().into_iter().map(heard::Row::from).collect(),
        differing: heard.differing().cloned(),
    };
    printer.item(&status)?;
    printer.finish()?;
    if !matches!(session.format(), Some(Format::Json | Format::Ndjson)) {
        let mut printer = session.printer(Shape::List)?;
        for node in &status.nodes {
            printer.item(node)?;
        }
        printer.finish()?;
    }
    if status.nodes.is_empty() {
        session.note("no node was heard of; `annals serve` with the same URL and `?dir=` runs one");
    }
    verdict(&heard)
}

/// What is wrong with the nodes.
fn verdict(heard: &Heard) -> Result<Exit> {
    if let Some(Differing { entry, nodes: [one, other] }) = heard.differing() {
        return Err(Failure::new(
            Exit::Corrupted,
            "the nodes do not have the same store",
            format!("`{one}` and `{other}` say different things of entry {entry}"),
            "stop both and compare their stores; then remove the folder of the wrong one, and make \
             it again with `annals cluster add-node`",
        ));
    }
    let mut nodes = heard.nodes().into_iter();
    let Some((name, trouble)) =
        nodes.find_map(|notice| notice.trouble.as_ref().map(|trouble| (&notice.name, trouble)))
    else {
        return Ok(Exit::Ok);
    };
    Err(Failure::new(
        Exit::Failure,
        format!("node `{name}` has trouble"),
        trouble,
        "see its log; the chapter \"Run a cluster\" of the book says what each trouble asks for",
    ))
}
