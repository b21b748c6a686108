//! `bench postgres`: the PostgreSQL backend beside COPY, SQL written by hand, and other stores on
//! the same server.

mod by_hand;
mod by_hand_pool;
mod copy;
mod copy_columns;
mod crowd;
mod events;
mod on_disintegrate;
mod on_postgres_es;
mod server;
mod setting;

use crate::{
    args::PostgresArgs,
    contest::{bulk, catch_up, condition, load, lone, read_all, read_tag},
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
        bulk::measure(setting, "bulk append, 1,000 events a commit", |writer| writer.batch(1_000))
    }),
];

/// Measures the stores on PostgreSQL.
///
/// # Errors
/// An unknown name, a server that is missing or not durable, and whatever a measurement meets.
pub(crate) fn run(args: &PostgresArgs) -> Result<()> {
    suite::run_in("postgres", MEASUREMENTS, &args.suite, |bench| Setting::new(&bench, args))
}
