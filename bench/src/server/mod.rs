//! `bench server`: the server beside an empty one, UmaDB and SierraDB, each in a process of its
//! own, with clients in Rust.

mod channel;
mod empty;
mod on_sierradb;
mod over_kurrentdb;
mod over_umadb;
mod programs;
mod serve;
mod setting;

pub(crate) use empty::run as serve_empty;
pub(crate) use serve::run as serve;

use crate::{
    args::ServerArgs,
    contest::{bulk, catch_up, condition, crowd, live, load, lone, read_all, read_tag},
    problem::Result,
    suite::{self, Measurement},
};
use setting::Setting;

/// In the order of the table. Those that append come last, so that all reads find the same.
const MEASUREMENTS: &[Measurement<Setting>] = &[
    ("load", load::measure),
    ("read-all", read_all::measure),
    ("read-tag", read_tag::measure),
    ("catch-up", catch_up::measure),
    ("lone-append", lone::measure),
    ("concurrent-append", crowd::measure),
    ("condition", condition::measure),
    ("bulk-append", |setting| {
        let name = "append 100 events of a stream at once";
        bulk::measure(setting, name, |writer| writer.stream_of(100))
    }),
    ("live", live::measure),
];

/// Measures the servers.
///
/// # Errors
/// An unknown name, a server that does not start, and whatever a measurement meets.
pub(crate) fn run(args: &ServerArgs) -> Result<()> {
    suite::run_in("server", MEASUREMENTS, &args.suite, |bench| Setting::new(bench, args))
}
