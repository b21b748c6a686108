//! `bench engine`: the embedded engine beside the bare disk.

mod appenders;
mod bench;
mod bulk_append;
mod catch_up;
pub(crate) mod child;
mod concurrent_append;
mod condition;
mod live;
mod load_stream;
mod lone_append;
mod mixed;
mod open;
mod read_all;
mod read_tag;
mod scale;

use std::time::Instant;

use crate::{
    args::EngineArgs,
    machine::Machine,
    problem::Result,
    report::{Report, Row},
};
use bench::Bench;
use scale::Scale;

/// A measurement: its name on the command line, and what it does.
type Measurement = (&'static str, fn(&Bench) -> Result<Vec<Row>>);

/// In the order of the table. Those that append to the shared store come last.
const MEASUREMENTS: &[Measurement] = &[
    ("lone-append", lone_append::measure),
    ("bulk-append", bulk_append::measure),
    ("concurrent-append", concurrent_append::measure),
    ("mixed", mixed::measure),
    ("load-stream", load_stream::measure),
    ("open", open::measure),
    ("read-all", read_all::measure),
    ("read-tag", read_tag::measure),
    ("catch-up", catch_up::measure),
    ("condition", condition::measure),
    ("live", live::measure),
];

/// Measures what the arguments ask for and shows it.
///
/// # Errors
/// An unknown name, and whatever a measurement meets.
pub(crate) fn run(args: &EngineArgs) -> Result<()> {
    let wanted = wanted(&args.only)?;
    let bench = Bench::new(Scale::of(args), args.dir.as_deref())?;
    let mut report = Report {
        command: command(args),
        measured_at: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
        machine: Machine::of(bench.dir()),
        rows: Vec::new(),
    };
    for (number, (name, measure)) in wanted.iter().enumerate() {
        eprintln!("[{}/{}] {name}", number + 1, wanted.len());
        let start = Instant::now();
        let rows = measure(&bench).map_err(|error| format!("{name}: {error}"))?;
        report.rows.extend(rows);
        eprintln!("      {:.1} s", start.elapsed().as_secs_f64());
    }
    print!("{}", report.to_markdown());
    if let Some(path) = &args.json {
        report.write_json(path)?;
    }
    if let Some(path) = &args.markdown {
        report.write_markdown(path)?;
    }
    Ok(())
}

fn wanted(only: &[String]) -> Result<Vec<&'static Measurement>> {
    if only.is_empty() {
        return Ok(MEASUREMENTS.iter().collect());
    }
    for name in only {
        if !MEASUREMENTS.iter().any(|(known, _)| known == name) {
            let known: Vec<_> = MEASUREMENTS.iter().map(|(known, _)| *known).collect();
            return Err(format!("no measurement `{name}`; there are {}", known.join(", ")).into());
        }
    }
    Ok(MEASUREMENTS.iter().filter(|(name, _)| only.iter().any(|only| only == name)).collect())
}

/// What to type to measure the same again.
fn command(args: &EngineArgs) -> String {
    let mut command = String::from("cargo xtask bench engine");
    for (is_set, flag) in [(args.quick, " --quick"), (args.full, " --full")] {
        command.push_str(if is_set { flag } else { "" });
    }
    if !args.only.is_empty() {
        command.push_str(" --only ");
        command.push_str(&args.only.join(","));
    }
    command
}
