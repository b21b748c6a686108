//! `annals cluster check`: whether a cluster can be trusted with events.

use annals::cluster::setup::{self, Finding, Monitor, Severity};
use serde::Serialize;

use super::log::Log;
use crate::{
    exit::Exit,
    failure::Result,
    output::{Item, Shape},
    session::Session,
};

/// Look over the servers and the log of a store
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals cluster check --at nats://a:4222,b:4222,c:4222/orders\n  \
    annals cluster check --at nats://a:4222/orders --monitor http://a:8222 --monitor http://b:8222\n  \
    annals cluster check --at nats://a:4222/orders -o json | jq '.[] | select(.severity != \"good\")'\n\n\
    Every look is a line, the good ones too. Whether a server syncs to disk before it acknowledges\n\
    is told by its monitoring port alone, so name those of all servers.\n\n\
    Exit code 0 when all is good, 9 for a warning or what could not be seen, 1 for a problem.")]
pub(super) struct Args {
    /// The monitoring port of a server of NATS, `http://HOST:8222`; once for each server
    #[arg(long, value_name = "URL")]
    monitor: Vec<Monitor>,
}

#[derive(Debug, Serialize)]
struct Row {
    severity: &'static str,
    what: String,
    why: String,
    advice: String,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &["SEVERITY", "WHAT", "WHY", "TRY"];

    fn cells(&self) -> Vec<String> {
        let Self { severity, what, why, advice } = self;
        vec![(*severity).to_owned(), what.clone(), why.clone(), advice.clone()]
    }

    fn key(&self) -> String {
        format!("{}: {}", self.severity, self.what)
    }
}

impl From<Finding> for Row {
    fn from(finding: Finding) -> Self {
        let Finding { severity, what, why, advice } = finding;
        Self { severity: name(severity), what, why, advice }
    }
}

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Good => "good",
        Severity::Unknown => "unknown",
        Severity::Warning => "warning",
        Severity::Problem => "problem",
    }
}

/// A finding in one line, for people.
pub(super) fn line(finding: &Finding) -> String {
    let Finding { severity, what, why, advice } = finding;
    if why.is_empty() {
        return format!("{severity}: {what}");
    }
    format!("{severity}: {what}; {why}; {advice}")
}

fn exit(worst: Severity) -> Exit {
    match worst {
        Severity::Good => Exit::Ok,
        Severity::Unknown | Severity::Warning => Exit::Warned,
        Severity::Problem => Exit::Failure,
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::List)?;
    let log = Log::of(session)?;
    let findings = log.run(setup::check(log.target(), &args.monitor));
    let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Unknown);
    for finding in findings {
        printer.item(&Row::from(finding))?;
    }
    printer.finish()?;
    Ok(exit(worst))
}
