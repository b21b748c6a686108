//! `annals migrate`: the tables of a store in PostgreSQL, as this program needs them.

use annals::{
    Error, ErrorKind, StoreUrl,
    postgres::{Migration, Options, Partitions, Postgres, Target},
};
use futures_lite::future::block_on;
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    output::{Item, Shape},
    session::Session,
};

/// Make the tables of a store in PostgreSQL, or bring them up to date
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals migrate --at postgres://ann@db.example/shop\n  \
    annals migrate --at 'postgres://ann@db.example/shop?schema=orders' --dry-run\n  \
    annals migrate --at postgres://ann@db.example/shop --partitions 16\n\n\
    Lists what was applied, or with --dry-run what would be; nothing when all is up to date.\n\
    All of it is one transaction. Opening a store does the same unless its URL has\n\
    `migrate=never`; then the user who opens it needs no right to create anything.")]
pub(crate) struct Args {
    /// Change nothing, and list what would be applied
    #[arg(long)]
    dry_run: bool,
    /// Begin the store with its events in partitions, for very large stores: a power of two from 2
    /// to 256, which stays
    #[arg(long, value_name = "NUMBER")]
    partitions: Option<Partitions>,
}

#[derive(Debug, Serialize)]
struct Row {
    version: i32,
    name: &'static str,
    status: &'static str,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &["VERSION", "NAME", "STATUS"];

    fn cells(&self) -> Vec<String> {
        vec![self.version.to_string(), self.name.to_owned(), self.status.to_owned()]
    }

    fn key(&self) -> String {
        self.name.to_owned()
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::List)?;
    let target = target(session)?;
    let what = || format!("the store `{}` could not be migrated", session.url());
    let options = options(args, target)?;
    let (found, status) = if args.dry_run {
        (block_on(Postgres::pending(target, options.clone())).or_fail(what)?, "missing")
    } else {
        (block_on(Postgres::migrate(target, options.clone())).or_fail(what)?, "applied")
    };
    for Migration { version, name, .. } in &found {
        printer.item(&Row { version: *version, name, status })?;
    }
    printer.finish()?;
    if let (Some(first), Some(partitions)) = (found.first(), target.options(options).partitions)
        && first.version == 1
    {
        session.note(&format!("the events are in {partitions} partitions"));
    }
    if found.is_empty() {
        session.note("the store is up to date");
    }
    Ok(Exit::Ok)
}

/// What the URL says stands above options, so it must not say something else.
fn options(args: &Args, target: &Target) -> Result<Options> {
    let options = Options { partitions: args.partitions, ..Options::default() };
    if args.partitions.is_some() && target.options(options.clone()).partitions != args.partitions {
        return Err(Failure::usage(
            "`--partitions` and the URL ask for different numbers of partitions",
            "leave one of them out",
        ));
    }
    Ok(options)
}

fn target(session: &Session) -> Result<&Target> {
    let why = match session.url() {
        StoreUrl::Postgres(target) => return Ok(target),
        StoreUrl::File(_) => "a folder has no tables; the engine reads every form it has had",
        StoreUrl::Memory => "a memory store begins and ends with its process",
        StoreUrl::Cluster(_) => "a node has no tables; its engine reads every form it has had",
        StoreUrl::Remote(_) | StoreUrl::KurrentDb(_) => {
            "the store belongs to its server; name what that has"
        }
    };
    Err(Error::new(ErrorKind::Unsupported, why))
        .or_fail(|| format!("the store `{}` cannot be migrated", session.url()))
        .map_err(|failure| failure.with_hint("name a database, like `--at postgres://ann@db/shop`"))
}
