//! `annals migrate`: the tables of a store in PostgreSQL, as this program needs them.

use annals::{
    Error, ErrorKind, StoreUrl,
    postgres::{Migration, Options, Postgres, Target},
};
use futures_lite::future::block_on;
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    output::{Item, Shape},
    session::Session,
};

/// Make the tables of a store in PostgreSQL, or bring them up to date
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals migrate --at postgres://ann@db.example/shop\n  \
    annals migrate --at 'postgres://ann@db.example/shop?schema=orders' --dry-run\n\n\
    Lists what was applied, or with --dry-run what would be; nothing when all is up to date.\n\
    All of it is one transaction. Opening a store does the same unless its URL has\n\
    `migrate=never`; then the user who opens it needs no right to create anything.")]
pub(crate) struct Args {
    /// Change nothing, and list what would be applied
    #[arg(long)]
    dry_run: bool,
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
    let options = Options::default();
    let (found, status) = if args.dry_run {
        (block_on(Postgres::pending(target, options)).or_fail(what)?, "missing")
    } else {
        (block_on(Postgres::migrate(target, options)).or_fail(what)?, "applied")
    };
    for Migration { version, name, .. } in &found {
        printer.item(&Row { version: *version, name, status })?;
    }
    printer.finish()?;
    if found.is_empty() {
        session.note("the store is up to date");
    }
    Ok(Exit::Ok)
}

fn target(session: &Session) -> Result<&Target> {
    let why = match session.url() {
        StoreUrl::Postgres(target) => return Ok(target),
        StoreUrl::File(_) => "a folder has no tables; the engine reads every form it has had",
        StoreUrl::Memory => "a memory store begins and ends with its process",
    };
    Err(Error::new(ErrorKind::Unsupported, why))
        .or_fail(|| format!("the store `{}` cannot be migrated", session.url()))
        .map_err(|failure| failure.with_hint("name a database, like `--at postgres://ann@db/shop`"))
}
