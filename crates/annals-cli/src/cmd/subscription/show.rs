//! `annals subscription show`: everything about a group.

use annals_admin::{Connection, GroupInfo, Settings};
use serde::Serialize;

use super::{
    named::{Named, shown},
    settings::strategy_shown,
    start,
};
use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    output::{Item, Shape},
    session::Session,
};

/// Show what is known of a group, its settings and its consumers
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription show account-1 mailer\n  \
    annals subscription show account-1 mailer -o json | jq .consumers")]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,
}

#[derive(Debug, Serialize)]
struct Row {
    stream: String,
    group: String,
    status: String,
    from: String,
    checkpoint: Option<u64>,
    last_known: Option<u64>,
    parked: u64,
    in_flight: u64,
    total: u64,
    strategy: &'static str,
    max_retries: u32,
    ack_timeout_ms: u32,
    max_subscribers: u32,
    checkpoint_after_ms: u32,
    checkpoint_min: u32,
    checkpoint_max: u32,
    live_buffer: u32,
    history_buffer: u32,
    read_batch: u32,
    resolve_links: bool,
    extra_statistics: bool,
    consumers: Vec<Consumer>,
}

#[derive(Debug, Serialize)]
struct Consumer {
    from: String,
    user: String,
    name: String,
    total: u64,
    in_flight: u64,
    free: u64,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &[
        "STREAM",
        "GROUP",
        "STATUS",
        "FROM",
        "CHECKPOINT",
        "LAST KNOWN",
        "PARKED",
        "IN FLIGHT",
        "TOTAL",
        "STRATEGY",
        "MAX RETRIES",
        "ACK TIMEOUT MS",
        "MAX SUBSCRIBERS",
        "CHECKPOINT AFTER MS",
        "CHECKPOINT MIN",
        "CHECKPOINT MAX",
        "LIVE BUFFER",
        "HISTORY BUFFER",
        "READ BATCH",
        "RESOLVE LINKS",
        "EXTRA STATISTICS",
        "CONSUMERS",
    ];

    fn cells(&self) -> Vec<String> {
        let place = |place: Option<u64>| place.map(|place| place.to_string()).unwrap_or_default();
        vec![
            self.stream.clone(),
            self.group.clone(),
            self.status.clone(),
            self.from.clone(),
            place(self.checkpoint),
            place(self.last_known),
            self.parked.to_string(),
            self.in_flight.to_string(),
            self.total.to_string(),
            self.strategy.to_owned(),
            self.max_retries.to_string(),
            self.ack_timeout_ms.to_string(),
            self.max_subscribers.to_string(),
            self.checkpoint_after_ms.to_string(),
            self.checkpoint_min.to_string(),
            self.checkpoint_max.to_string(),
            self.live_buffer.to_string(),
            self.history_buffer.to_string(),
            self.read_batch.to_string(),
            self.resolve_links.to_string(),
            self.extra_statistics.to_string(),
            serde_json::to_string(&self.consumers).unwrap_or_default(),
        ]
    }

    fn key(&self) -> String {
        format!("{}::{}", self.stream, self.group)
    }
}

impl From<Connection> for Consumer {
    fn from(connection: Connection) -> Self {
        let Connection { from, user, name, total, in_flight, free } = connection;
        Self { from, user, name, total, in_flight, free }
    }
}

impl From<GroupInfo> for Row {
    fn from(info: GroupInfo) -> Self {
        let Settings {
            resolve_links,
            extra_statistics,
            ack_timeout_ms,
            max_retries,
            checkpoint_after_ms,
            checkpoint_min,
            checkpoint_max,
            max_subscribers,
            live_buffer,
            read_batch,
            history_buffer,
            strategy,
        } = info.settings;
        Self {
            stream: info.group.source.to_string(),
            group: info.group.name,
            status: info.status,
            from: start::shown(info.start),
            checkpoint: info.checkpoint,
            last_known: info.last_known,
            parked: info.parked,
            in_flight: info.in_flight,
            total: info.total,
            strategy: strategy_shown(strategy),
            max_retries,
            ack_timeout_ms,
            max_subscribers,
            checkpoint_after_ms,
            checkpoint_min,
            checkpoint_max,
            live_buffer,
            history_buffer,
            read_batch,
            resolve_links,
            extra_statistics,
            consumers: info.connections.into_iter().map(Consumer::from).collect(),
        }
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let group = args.named.group()?;
    let mut printer = session.printer(Shape::Single)?;
    let managed = Managed::of(session, Subject::Groups)?;
    let what = || format!("{} could not be looked at", shown(&group));
    let info = managed.wait(what, managed.server().group(&group))?;
    printer.item(&Row::from(info))?;
    printer.finish()?;
    Ok(Exit::Ok)
}
