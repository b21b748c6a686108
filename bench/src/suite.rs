//! A set of measurements: choosing from them, running them, showing what came out.

use std::{path::Path, time::Instant};

use crate::{
    args::SuiteArgs,
    engine::{bench::Bench, scale::Scale},
    machine::{Machine, file_system},
    problem::Result,
    report::{Report, Row},
};

/// A measurement: its name on the command line, and what it does.
pub(crate) type Measurement<S = Bench> = (&'static str, fn(&S) -> Result<Vec<Row>>);

/// What the measurements of a suite share.
pub(crate) trait Setting {
    /// What must be known of it to judge the figures.
    fn about(&self) -> Option<String> {
        None
    }

    /// The file system that the stores are on; `dir` is the folder of the benchmark.
    fn file_system(&self, dir: &Path) -> Option<String> {
        file_system(dir)
    }
}

impl Setting for Bench {}

/// Measures what the arguments ask for and shows it.
///
/// # Errors
/// An unknown name, and whatever a measurement meets.
pub(crate) fn run(suite: &str, measurements: &[Measurement], args: &SuiteArgs) -> Result<()> {
    run_in(suite, measurements, args, Ok)
}

/// The same with more to share, which is made when the arguments are known to be right.
///
/// # Errors
/// Also those of making it.
pub(crate) fn run_in<S: Setting>(
    suite: &str,
    measurements: &[Measurement<S>],
    args: &SuiteArgs,
    make: impl FnOnce(Bench) -> Result<S>,
) -> Result<()> {
    let wanted = wanted(measurements, &args.only)?;
    let bench = Bench::new(Scale::of(args), args.dir.as_deref())?;
    let dir = bench.dir().to_owned();
    let mut machine = Machine::of(&dir);
    let setting = make(bench)?;
    machine.file_system = setting.file_system(&dir);
    let mut report = Report {
        command: command(suite, args),
        measured_at: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
        machine,
        about: setting.about(),
        rows: Vec::new(),
    };
    for (number, (name, measure)) in wanted.iter().enumerate() {
        eprintln!("[{}/{}] {name}", number + 1, wanted.len());
        let start = Instant::now();
        let rows = measure(&setting).map_err(|error| format!("{name}: {error}"))?;
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

fn wanted<'a, S>(
    measurements: &'a [Measurement<S>],
    only: &[String],
) -> Result<Vec<&'a Measurement<S>>> {
    if only.is_empty() {
        return Ok(measurements.iter().collect());
    }
    for name in only {
        if !measurements.iter().any(|(known, _)| known == name) {
            let known: Vec<_> = measurements.iter().map(|(known, _)| *known).collect();
            return Err(format!("no measurement `{name}`; there are {}", known.join(", ")).into());
        }
    }
    Ok(measurements.iter().filter(|(name, _)| only.iter().any(|only| only == name)).collect())
}

/// What to type to measure the same again.
fn command(suite: &str, args: &SuiteArgs) -> String {
    let mut command = format!("cargo xtask bench {suite}");
    for (is_set, flag) in [(args.quick, " --quick"), (args.full, " --full")] {
        command.push_str(if is_set { flag } else { "" });
    }
    if !args.only.is_empty() {
        command.push_str(" --only ");
        command.push_str(&args.only.join(","));
    }
    command
}
