//! `annals cluster add-node`: a folder becomes a node.

use std::{path::PathBuf, sync::Arc};

use annals::{
    Backend,
    cluster::{Cluster, Identity, Options, Progress as Told, store_dir, url::Target},
};
use futures_lite::future::block_on;
use serde::Serialize;

use super::log::Log;
use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    output::{Item, Shape},
    progress::Progress,
    session::Session,
};

/// Make a folder a node and have it catch up
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals cluster add-node --at 'nats://a:4222/orders?dir=/var/lib/node-3'\n  \
    annals cluster add-node --at 'nats://a:4222/orders?dir=node-3' --name berlin\n  \
    annals cluster add-node --at 'nats://a:4222/orders?dir=node-3' --from-backup /mnt/node-1\n\n\
    `annals serve` does the same with an empty folder; this one shows how far it is, and ends when\n\
    the node has applied the log. Where the beginning of the log was removed, a node is made from\n\
    the folder of another node, which may be running, or from a whole copy of it. The log must\n\
    still have what came after the copy, and the 16,384 entries in front of that.")]
pub(super) struct Args {
    /// The folder of another node, or a copy of it, to take the store from
    #[arg(long, value_name = "DIR")]
    from_backup: Option<PathBuf>,
    /// What people call the node; a made-up name otherwise
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    node: String,
    dir: String,
    applied: u64,
    head: Option<u64>,
    from_backup: bool,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] =
        &["NAME", "NODE", "FOLDER", "APPLIED", "HEAD", "FROM BACKUP"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.node.clone(),
            self.dir.clone(),
            self.applied.to_string(),
            self.head.map(|head| head.to_string()).unwrap_or_default(),
            self.from_backup.to_string(),
        ]
    }

    fn key(&self) -> String {
        self.name.clone()
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::Single)?;
    let target = Log::of(session)?.target().clone();
    let target = match &args.name {
        Some(name) => target.with_node(name)?,
        None => target,
    };
    let Some(dir) = target.dir().map(PathBuf::from) else {
        return Err(Failure::usage(
            "the URL does not say where the node keeps its data",
            format!("add a folder to it: `--at '{target}?dir=FOLDER'`"),
        ));
    };
    if let Some(from) = &args.from_backup {
        let name = target.node();
        let adopted = Identity::adopt(from, &dir, target.store().as_str(), name);
        adopted.or_fail(|| format!("no node was made in `{}`", dir.display()))?;
    }
    let node = caught_up(&target, args, session)?;
    let row = Row {
        name: node.identity().name.clone(),
        node: format!("{:016x}", node.identity().node),
        dir: dir.display().to_string(),
        applied: node.applied(),
        head: block_on(node.head())
            .or_fail(|| "the node could not be read")?
            .map(annals::Position::get),
        from_backup: args.from_backup.is_some(),
    };
    block_on(node.close()).or_fail(|| "the node could not be closed")?;
    printer.item(&row)?;
    printer.finish()?;
    session.note(&format!("run it: annals serve --at '{target}'"));
    Ok(Exit::Ok)
}

/// Opens the node, which waits until it has applied the log.
fn caught_up(target: &Target, args: &Args, session: &Session) -> Result<Cluster> {
    let progress = Arc::new(Progress::events(session));
    let shown = Arc::clone(&progress);
    let tell = move |applied, last| {
        shown.set_total(last);
        shown.set(applied);
        shown.say(format!("{applied} of {last} entries"));
    };
    let options = Options { progress: Some(Told(Arc::new(tell))), ..Options::default() };
    let opened = block_on(Cluster::open_target(target, options));
    progress.clear();
    let dir = target.dir().map(|dir| dir.display().to_string()).unwrap_or_default();
    let failed = opened.or_fail(|| format!("the node in `{dir}` has not caught up"));
    failed.map_err(|failure| match (failure.exit(), &args.from_backup) {
        (Exit::Corrupted, None) => failure.with_hint(
            "make it from another node's folder: `--from-backup DIR`; a folder that cannot be used \
             any more must be moved away first",
        ),
        (Exit::Corrupted, Some(_)) => failure.with_hint(format!(
            "remove `{dir}` and use a newer copy; `annals verify --at file:{}` checks the one there",
            target.dir().map(store_dir).unwrap_or_default().display()
        )),
        (Exit::Unavailable, _) => {
            failure.with_hint("see whether the servers of the log run, then run the command again: it goes on")
        }
        _ => failure,
    })
}
