//! `annals copy`: a store into another one, exactly.

use std::{sync::Arc, time::Instant};

use annals::{Backend, StoreUrl};
use futures_lite::future::block_on;
use serde::Serialize;

use super::append::close;
use crate::{
    copy::{self, Copied, Options, Snapshots, Step, Verify},
    exit::Exit,
    failure::{Failure, OrFail, Result},
    output::{Item, Shape},
    progress::Progress,
    session::{self, Session},
};

/// Copy a store into another one exactly, with positions, times and checkpoints
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals copy --from file:./annals-data --to file:./copy\n  \
    annals copy --from ./annals-data --to 'postgres://localhost/app?schema=annals'\n  \
    annals copy --from ./annals-data --to ./copy -o json | jq -r .digest\n  \
    annals copy --from 'kurrentdb://admin:changeit@localhost:2113?tls=false' --to ./annals-data\n\n\
    The target must be empty, or hold a beginning of the source: a copy that was killed goes on\n\
    where it was when the command is run again, and a copy of a source that has grown is taken\n\
    further. Nobody else may write to the target meanwhile.\n\n\
    The source may be in use: what is copied are the events up to its head at the beginning, and\n\
    the checkpoints as they stood then. Leases are not copied, snapshots only with --snapshots.\n\n\
    At the end both sides are read whole and compared by an XXH3-128 digest over every field of\n\
    every event.\n\n\
    A KurrentDB or EventStoreDB has gaps between its positions, so its events get new ones, in the\n\
    same order. All else stays: ids, streams, versions, types, data, metadata and times. Streams\n\
    of the system are left out. Where the beginning of a stream was scavenged, the rest of it is\n\
    numbered from 0, and that is told. What was written is read back and compared.\n\n\
    Exit code 4 when the target holds something else, 7 when the two sides differ.")]
pub(crate) struct Args {
    /// The store to copy
    #[arg(long, value_name = "URL")]
    from: String,
    /// The store to copy into; made where there is none
    #[arg(long, value_name = "URL")]
    to: String,
    /// Copy snapshots too; they are a cache, and are made again when they are missing
    #[arg(long)]
    snapshots: bool,
    /// Do not read both sides to compare them at the end
    #[arg(long)]
    no_verify: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    from: String,
    to: String,
    events: u64,
    copied: u64,
    already_there: u64,
    head: Option<u64>,
    checkpoints: u64,
    snapshots: u64,
    renumbered: u64,
    digest: Option<String>,
    seconds: f64,
    events_per_second: u64,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &[
        "FROM",
        "TO",
        "EVENTS",
        "COPIED",
        "ALREADY THERE",
        "HEAD",
        "CHECKPOINTS",
        "SNAPSHOTS",
        "RENUMBERED",
        "DIGEST",
        "SECONDS",
        "EVENTS PER SECOND",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.from.clone(),
            self.to.clone(),
            self.events.to_string(),
            self.copied.to_string(),
            self.already_there.to_string(),
            self.head.map(|head| head.to_string()).unwrap_or_default(),
            self.checkpoints.to_string(),
            self.snapshots.to_string(),
            self.renumbered.to_string(),
            self.digest.clone().unwrap_or_else(|| "not compared".to_owned()),
            format!("{:.2}", self.seconds),
            self.events_per_second.to_string(),
        ]
    }

    fn key(&self) -> String {
        self.digest.clone().unwrap_or_else(|| self.copied.to_string())
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let began = Instant::now();
    let mut printer = session.printer(Shape::Single)?;
    let (from, to) = (session::url(&args.from)?, session::url(&args.to)?);
    if from == to {
        return Err(Failure::usage(
            format!("`{from}` is both the source and the target"),
            "name another store with `--to`",
        ));
    }
    let source = session::open(&from)?;
    let target = session::open_or_create(&to)?;
    let copied = copy_all(&source, &target, args.options(), session, (&from, &to))?;
    close(target.as_ref())?;
    close(source.as_ref())?;
    printer.item(&row(&from, &to, copied, began))?;
    printer.finish()?;
    Ok(Exit::Ok)
}

impl Args {
    fn options(&self) -> Options {
        Options {
            snapshots: if self.snapshots { Snapshots::Copy } else { Snapshots::Leave },
            verify: if self.no_verify { Verify::Skip } else { Verify::Digest },
        }
    }
}

fn copy_all(
    source: &Arc<dyn Backend>,
    target: &Arc<dyn Backend>,
    options: Options,
    session: &Session,
    (from, to): (&StoreUrl, &StoreUrl),
) -> Result<Copied> {
    let progress = Progress::events(session);
    let mut done = 0;
    let copied = copy::copy(source.as_ref(), target.as_ref(), options, &mut |step| match step {
        Step::Begun { work, present } => {
            done = 0;
            progress.set_total(work);
            progress.set(done);
            if present > 0 {
                progress.pause(|| session.note(&format!("{present} events are there already")));
            }
        }
        Step::Passed { events, is_check } => {
            done += events;
            progress.set(done);
            progress.say(if is_check { "comparing" } else { "copying" }.to_owned());
        }
    });
    progress.clear();
    let copied = copied.or_fail(|| format!("`{from}` was not copied to `{to}`"));
    let copied = copied.map_err(with_hint)?;
    tell_what_differs(source.as_ref(), &copied, session)?;
    Ok(copied)
}

fn with_hint(failure: Failure) -> Failure {
    match failure.exit() {
        Exit::Conflict => failure.with_hint(
            "copy into an empty store; what the target holds stays as it is, and nothing else may \
             write to it while it is copied to",
        ),
        Exit::Corrupted => failure.with_hint(
            "do not use the copy; check both stores with `annals verify`, then copy into an empty \
             store",
        ),
        Exit::Unavailable => failure
            .with_hint("make room or free the stores, then run the same command again: it goes on"),
        _ => failure,
    }
}

/// A store in use has moved on; and what a source has lost cannot be numbered as it was.
fn tell_what_differs(source: &dyn Backend, copied: &Copied, session: &Session) -> Result<()> {
    if copied.renumbered > 0 {
        session.note(&format!(
            "{} events have another version than at the source, which does not have the \
             beginning of their streams any more",
            copied.renumbered
        ));
    }
    let now = block_on(source.head()).or_fail(|| "the source could not be asked for its head")?;
    let newer = match (now, copied.source_head) {
        (now, copied) if now <= copied => return Ok(()),
        (Some(now), _) if !source.capabilities().position_dense => {
            format!("the source went on to {now}")
        }
        (now, copied) => {
            let count = |head: Option<annals::Position>| head.map_or(0, |head| head.get() + 1);
            format!("{} events came to the source", count(now).saturating_sub(count(copied)))
        }
    };
    session.note(&format!("{newer} since the copy began; run it again to take them over"));
    Ok(())
}

fn row(from: &StoreUrl, to: &StoreUrl, copied: Copied, began: Instant) -> Row {
    let seconds = began.elapsed().as_secs_f64();
    Row {
        from: from.to_string(),
        to: to.to_string(),
        events: copied.copied + copied.present,
        copied: copied.copied,
        already_there: copied.present,
        head: copied.head.map(annals::Position::get),
        checkpoints: copied.checkpoints,
        snapshots: copied.snapshots,
        renumbered: copied.renumbered,
        digest: copied.digest,
        seconds,
        events_per_second: (copied.copied as f64 / seconds) as u64,
    }
}
