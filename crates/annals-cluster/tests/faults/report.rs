//! The report: what was done, and what was counted.

use std::{
    env,
    fmt::Write,
    fs,
    time::{Duration, Instant, SystemTime},
};

use annals_core::Timestamp;
use parking_lot::Mutex;

use crate::{cases::CASES, check::Found, size::Size, tally::Counts};

/// The file that it goes to; without it, there is none.
const FILE: &str = "ANNALS_FAULTS_REPORT";
/// What stands in the report and does not change from run to run.
const TEXT: &str = include_str!("report.md");

/// What is known of the rounds so far.
#[derive(Debug)]
pub(crate) struct Report {
    begun: Instant,
    rows: Mutex<Vec<Row>>,
}

/// What is said of a round.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) counts: Counts,
    /// The longest through any node, and through node `c`.
    pub(crate) pauses: [Duration; 2],
    /// What was found at the end; nothing where the log was lost.
    pub(crate) found: Option<Found>,
    /// How often the subscription moved.
    pub(crate) moves: usize,
    /// How often a node was asked for what another one had just acknowledged.
    pub(crate) looked: u64,
    pub(crate) took: Duration,
    pub(crate) notes: Vec<String>,
}

impl Report {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now(), rows: Mutex::default() }
    }

    pub(crate) fn add(&self, row: Row) {
        println!("{}: {}", row.name, row.line());
        for note in &row.notes {
            println!("  {note}");
        }
        self.rows.lock().push(row);
    }

    /// Writes it to the file that the environment names, if it names one and the run is a whole
    /// one.
    pub(crate) fn write(&self, size: Size) {
        let mut rows = self.rows.lock();
        let place = |row: &Row| CASES.iter().position(|case| case.name == row.name);
        rows.sort_by_key(place);
        let sum = |count: fn(&Counts) -> u64| rows.iter().map(|row| count(&row.counts)).sum();
        let acknowledged: u64 = sum(|counts| counts.acknowledged);
        println!("{acknowledged} appends were acknowledged");
        let Ok(file) = env::var(FILE) else { return };
        if !size.is_long() {
            return;
        }
        let total = Counts {
            acknowledged,
            reconciled: sum(|counts| counts.reconciled),
            refused: sum(|counts| counts.refused),
            unknown: sum(|counts| counts.unknown),
        };
        fs::write(file, self.text(&rows, total)).unwrap();
    }

    fn text(&self, rows: &[Row], total: Counts) -> String {
        let (before, after) = TEXT.split_once("<!-- run -->\n").unwrap();
        let mut text = before.to_owned();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let now = Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap());
        let minutes = self.begun.elapsed().as_secs_f64() / 60.0;
        let cores = std::thread::available_parallelism().unwrap();
        let Counts { acknowledged, reconciled, refused, unknown } = total;
        let count = rows.len();
        writeln!(
            text,
            "`cargo xtask faults cluster`, ended at {now}, in {minutes:.1} minutes on {cores} cores, \
             the build that tests have.\n\
             {count} of {} cases ran: {acknowledged} appends acknowledged, {refused} refused by \
             their condition, {unknown} attempts without an answer, {reconciled} appends \
             acknowledged by a later attempt after one that had been stored without an answer.\n\
             Lost: 0, doubled: 0, in the cases other than the last.\n",
            CASES.len()
        )
        .unwrap();
        text.push_str(HEAD);
        for row in rows {
            writeln!(text, "| `{}` {}", row.name, row.cells()).unwrap();
        }
        text.push_str("\n## What was done\n\n");
        for row in rows {
            writeln!(text, "* `{}`: {}.", row.name, row.what).unwrap();
            for note in &row.notes {
                writeln!(text, "  * {note}.").unwrap();
            }
        }
        text.push_str(after);
        text
    }
}

const HEAD: &str = "\
| case | acknowledged | refused | unanswered | reconciled | longest pause, any node | longest pause, node c | entries | events | segments | moves | looks | made anew | digest |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
";

impl Row {
    fn cells(&self) -> String {
        let Counts { acknowledged, reconciled, refused, unknown } = self.counts;
        let [any, c] = self.pauses.map(|pause| pause.as_secs_f64());
        let (moves, looked) = (self.moves, self.looked);
        let counts = format!("| {acknowledged} | {refused} | {unknown} | {reconciled} ");
        let pauses = format!("| {any:.2} s | {c:.2} s ");
        let found = match &self.found {
            None => format!("| | | | {moves} | {looked} | | |"),
            Some(Found { entries, events, segments, digest, made_anew }) => format!(
                "| {entries} | {events} | {segments} | {moves} | {looked} | {:.1} s | `{digest:016x}` |",
                made_anew.as_secs_f64()
            ),
        };
        counts + &pauses + &found
    }

    fn line(&self) -> String {
        let took = self.took.as_secs_f64();
        format!("{took:.1} s, {:?}, pauses {:?}, {:?}", self.counts, self.pauses, self.found)
    }
}
