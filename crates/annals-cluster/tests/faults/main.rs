//! Faults of a cluster, on three real servers of NATS, with a checker that reads back everything.
//!
//! Each case starts servers and three nodes (two in this process, one in another, which can be
//! killed), lets a crowd write through all of them, does its harm, and then compares what was
//! acknowledged with what every node has. `cargo test` runs the most valuable cases briefly;
//! `cargo xtask faults cluster` runs all of them at length and writes `docs/bench/cluster-faults.md`.
//!
//! With `ANNALS_FAULTS_NODE` set, this program is the node in the other process.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod bed;
mod cases;
mod check;
mod child;
mod crowd;
mod disk;
mod followers;
mod lossy;
mod other;
mod report;
mod round;
mod seats;
mod size;
mod stop;
mod tally;
mod volume;
mod writer;

use std::{env, process::ExitCode, sync::Arc};

use annals_testbed::{is_required, nats};
use cases::{CASES, Case};
use libtest_mimic::{Arguments, Completion, Trial};
use report::Report;
use size::Size;

/// Most of the time a case waits for an election, so more of them run than there are cores.
const CASES_AT_ONCE: usize = 3;

fn main() -> ExitCode {
    if let Ok(url) = env::var(child::URL) {
        return child::serve(&url);
    }
    let size = Size::from_environment();
    let missing = nats::Installation::find().err();
    let report = Arc::new(Report::begin());
    let cases = CASES.iter().filter(|case| size.has(case));
    let trials = cases.map(|case| trial(case, size, missing.clone(), Arc::clone(&report)));
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(CASES_AT_ONCE);
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    report.write(size);
    conclusion.exit_code()
}

fn trial(case: &'static Case, size: Size, missing: Option<String>, report: Arc<Report>) -> Trial {
    Trial::ignorable_test(case.name, move || {
        if let Some(reason) = missing {
            if is_required("nats") {
                return Err(format!("ANNALS_REQUIRE asks for it, but {reason}").into());
            }
            return Ok(Completion::ignored_with(reason));
        }
        Ok(match case.run(size) {
            Ok(row) => {
                report.add(row);
                Completion::Completed
            }
            Err(cannot) => Completion::ignored_with(cannot.0),
        })
    })
}
