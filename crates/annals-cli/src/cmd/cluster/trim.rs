//! `annals cluster trim`: gives up the beginning of the log.

use annals::cluster::setup::{self, trimmable};
use serde::Serialize;

use super::{
    heard::{Heard, complaint},
    log::Log,
};
use crate::{
    confirm::ConfirmArgs,
    exit::Exit,
    failure::{Failure, Result},
    output::{Item, Shape},
    session::Session,
};

/// Remove the beginning of the log that all nodes have applied
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals cluster trim --at nats://a:4222/orders --dry-run\n  \
    annals cluster trim --at nats://a:4222/orders --keep-entries 1000000 --yes\n  \
    annals cluster trim --at nats://a:4222/orders --before-entry 250000\n\n\
    No event is lost: the nodes have them all. But a new node can then only be made from the folder\n\
    of another one, so have a copy of a node's folder first. At least 65,536 entries stay in front\n\
    of the newest commit of the node that is furthest behind, because a node that starts again\n\
    reads back. Nodes that do not run are not known: give --before-entry where one is stopped.\n\n\
    Exit code 4 when a node is in trouble or far behind, and no entry was named.")]
pub(super) struct Args {
    /// Keep at least so many of the newest entries
    #[arg(long, value_name = "NUMBER", conflicts_with = "before_entry")]
    keep_entries: Option<u64>,
    /// Remove all entries before this one, whatever the nodes say
    #[arg(long, value_name = "ENTRY")]
    before_entry: Option<u64>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

#[derive(Debug, Serialize)]
struct Row {
    first_entry: u64,
    first_kept: u64,
    last_entry: u64,
    entries: u64,
    nodes: Vec<String>,
    durable_least: Option<u64>,
    removed: bool,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &[
        "FIRST ENTRY",
        "FIRST KEPT",
        "LAST ENTRY",
        "ENTRIES",
        "NODES",
        "DURABLE LEAST",
        "REMOVED",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.first_entry.to_string(),
            self.first_kept.to_string(),
            self.last_entry.to_string(),
            self.entries.to_string(),
            self.nodes.join(", "),
            self.durable_least.map(|durable| durable.to_string()).unwrap_or_default(),
            self.removed.to_string(),
        ]
    }

    fn key(&self) -> String {
        self.entries.to_string()
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::Single)?;
    let log = Log::of(session)?;
    let target = log.target();
    let what = || format!("the log of `{}` was not trimmed", target.store());
    let heard = Heard::listen(&log, session)?;
    let extent = log.wait(what, setup::state(target))?.extent;
    let wanted = match args.before_entry {
        Some(entry) => entry,
        None => agreed(&heard, extent.last, args.keep_entries)?,
    };
    let first_kept = std::cmp::max(wanted, extent.first);
    let mut row = Row {
        first_entry: extent.first,
        first_kept,
        last_entry: extent.last,
        entries: first_kept - extent.first,
        nodes: heard.nodes().iter().map(|notice| notice.name.clone()).collect(),
        durable_least: heard.durable_least(),
        removed: false,
    };
    if row.entries > 0 && !args.dry_run {
        args.confirm.ask(&warning(&row))?;
        row.entries = log.wait(what, setup::trim(target, first_kept))?;
        row.removed = true;
    }
    printer.item(&row)?;
    printer.finish()?;
    Ok(Exit::Ok)
}

/// The first entry to keep, when the nodes are such that it can be told.
fn agreed(heard: &Heard, last: u64, keep_entries: Option<u64>) -> Result<u64> {
    let refused = |why: String| {
        let hint = "wait or repair it, or name the entry yourself with `--before-entry`: nodes \
                    that have not applied what is removed can only be made from a copy of another";
        Failure::new(Exit::Conflict, "nothing was removed from the log", why, hint)
    };
    let Some(durable) = heard.durable_least() else {
        return Err(refused("no node was heard of".to_owned()));
    };
    if let Some(complaint) = heard.nodes().into_iter().find_map(complaint) {
        return Err(refused(complaint));
    }
    let kept = keep_entries.map_or(u64::MAX, |keep| (last + 1).saturating_sub(keep));
    Ok(std::cmp::min(kept, trimmable(durable)))
}

fn warning(row: &Row) -> String {
    let Row { entries, first_entry, first_kept, nodes, .. } = row;
    let nodes = if nodes.is_empty() { "none".to_owned() } else { nodes.join(", ") };
    let late = match row.durable_least {
        Some(durable) if trimmable(durable) < *first_kept => {
            "\nthis is more than these nodes can do without when they start again"
        }
        _ => "",
    };
    format!(
        "{entries} entries of the log will be removed: {first_entry} to {}\nnodes that were heard \
         of: {nodes}; one that is not among them and has not applied these entries can then only \
         be made from a copy of another node's folder{late}",
        first_kept - 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_node_nothing_is_agreed() {
        let failure = agreed(&Heard::default(), 1_000_000, None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Conflict);
    }
}
