//! `annals verify`: check every byte of a store, closed or in use.

use std::path::Path;

use annals::{
    Error, ErrorKind, StoreUrl,
    cluster::store_dir,
    engine::{Problem, Severity, VerifyReport},
};
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    output::{Format, Item, Shape},
    progress::Progress,
    session::Session,
};

/// Check every checksum, the numbering, and the index against the log
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals verify\n  \
    annals verify -o json | jq .problems\n\n\
    Changes nothing, and also works while another process uses the store. Exit code 7 when\n\
    anything is damaged; each problem names file, place and what is wrong.")]
pub(crate) struct Args {}

#[derive(Debug, Serialize)]
struct Row {
    store: String,
    sound: bool,
    in_use: bool,
    segments: u64,
    commits: u64,
    events: u64,
    streams: u64,
    bytes: u64,
    index_entries: u64,
    head: Option<u64>,
    torn_tail: Option<TornTail>,
    problems: Vec<ProblemRow>,
}

#[derive(Debug, Serialize)]
struct TornTail {
    file: String,
    offset: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct ProblemRow {
    file: String,
    offset: Option<u64>,
    severity: &'static str,
    what: String,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &[
        "STORE",
        "SOUND",
        "IN USE",
        "SEGMENTS",
        "COMMITS",
        "EVENTS",
        "STREAMS",
        "BYTES",
        "INDEX ENTRIES",
        "HEAD",
        "PROBLEMS",
    ];

    fn cells(&self) -> Vec<String> {
        let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
        vec![
            self.store.clone(),
            word(self.sound),
            word(self.in_use),
            self.segments.to_string(),
            self.commits.to_string(),
            self.events.to_string(),
            self.streams.to_string(),
            self.bytes.to_string(),
            self.index_entries.to_string(),
            self.head.map(|head| head.to_string()).unwrap_or_default(),
            self.problems.len().to_string(),
        ]
    }

    fn key(&self) -> String {
        if self.sound { "sound" } else { "damaged" }.to_owned()
    }
}

impl Item for ProblemRow {
    const COLUMNS: &'static [&'static str] = &["FILE", "OFFSET", "SEVERITY", "PROBLEM"];

    fn cells(&self) -> Vec<String> {
        let offset = self.offset.map(|offset| offset.to_string()).unwrap_or_default();
        vec![self.file.clone(), offset, self.severity.to_owned(), self.what.clone()]
    }

    fn key(&self) -> String {
        self.file.clone()
    }
}

pub(crate) fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::Single)?;
    let report = check(session)?;
    let row = row(session.url().to_string(), &report);
    printer.item(&row)?;
    printer.finish()?;
    if !matches!(session.format(), Some(Format::Json | Format::Ndjson)) {
        let mut printer = session.printer(Shape::List)?;
        for problem in &row.problems {
            printer.item(problem)?;
        }
        printer.finish()?;
    }
    if let Some(torn) = &report.torn_tail {
        session.note(&format!(
            "`{}` ends in {} bytes that a crash left behind and nobody was promised; opening the \
             store cuts them off",
            torn.file, torn.bytes
        ));
    }
    match report.problems.first() {
        None => Ok(Exit::Ok),
        Some(first) => Err(damaged(session, &report, first)),
    }
}

fn check(session: &Session) -> Result<VerifyReport> {
    let what = || format!("the store `{}` could not be checked", session.url());
    let (why, hint) = match session.url() {
        StoreUrl::File(dir) => return check_dir(dir, session),
        StoreUrl::Memory => (
            "a memory store begins and ends with its process; there is nothing to check",
            "name a folder, like `--at file:./data`",
        ),
        StoreUrl::Postgres(_) => (
            "only the embedded engine has files of its own to check",
            "let PostgreSQL check its files: with data checksums on, and with `pg_amcheck`",
        ),
        StoreUrl::Cluster(target) => match target.dir() {
            Some(dir) => return check_dir(&store_dir(dir), session),
            None => (
                "the URL does not say where the node keeps its data",
                "add `?dir=FOLDER` to it, or name the folder: `--at file:FOLDER/store`",
            ),
        },
        StoreUrl::Remote(_) | StoreUrl::KurrentDb(_) => (
            "the files of a server are not here",
            "run this where they are, and name the folder that the server has",
        ),
    };
    let unsupported = Err(Error::new(ErrorKind::Unsupported, why)).or_fail(what);
    unsupported.map_err(|failure| failure.with_hint(hint))
}

fn check_dir(dir: &Path, session: &Session) -> Result<VerifyReport> {
    session.check_exists()?;
    let progress = Progress::bytes(session, Some(0));
    let report = annals::engine::verify(dir, &mut |bytes_done, bytes_total| {
        progress.set_total(bytes_total);
        progress.set(bytes_done);
    });
    progress.clear();
    report.or_fail(|| format!("the store `{}` could not be checked", session.url()))
}

fn row(store: String, report: &VerifyReport) -> Row {
    Row {
        store,
        sound: report.is_sound(),
        in_use: report.in_use,
        segments: report.segments,
        commits: report.commits,
        events: report.events,
        streams: report.streams,
        bytes: report.bytes,
        index_entries: report.index_entries,
        head: report.head.map(annals::Position::get),
        torn_tail: report.torn_tail.as_ref().map(|torn| TornTail {
            file: torn.file.clone(),
            offset: torn.offset,
            bytes: torn.bytes,
        }),
        problems: report.problems.iter().map(problem_row).collect(),
    }
}

fn problem_row(problem: &Problem) -> ProblemRow {
    ProblemRow {
        file: problem.file.clone(),
        offset: problem.offset,
        severity: match problem.severity {
            Severity::Log => "log",
            Severity::Derived => "derived",
        },
        what: problem.what.clone(),
    }
}

fn damaged(session: &Session, report: &VerifyReport, first: &Problem) -> Failure {
    let place = first.offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
    let more = match report.problems.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    let is_log = report.problems.iter().any(|problem| problem.severity == Severity::Log);
    let hint = if is_log {
        "events are damaged: restore a copy, or import an export into a new store"
    } else {
        "no event is damaged: opening the store makes again what is derived from them"
    };
    Failure::new(
        Exit::Corrupted,
        format!("the store `{}` is damaged", session.url()),
        format!("`{}`{place}: {}{more}", first.file, first.what),
        hint,
    )
}
