//! `bench engine`: the embedded engine beside the bare disk.

mod appenders;
pub(crate) mod bench;
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
pub(crate) mod scale;

use crate::{
    args::SuiteArgs,
    problem::Result,
    suite::{self, Measurement},
};

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

/// Measures the engine.
///
/// # Errors
/// An unknown name, and whatever a measurement meets.
pub(crate) fn run(args: &SuiteArgs) -> Result<()> {
    suite::run("engine", MEASUREMENTS, args)
}
