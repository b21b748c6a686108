//! `bench postgres`: the PostgreSQL backend beside COPY, SQL written by hand, and other stores on
//! the same server.

mod bulk;
mod by_hand;
mod by_hand_pool;
mod catch_up;
mod condition;
mod copy;
mod copy_columns;
mod crowd;
mod events;
mod fill;
mod load;
mod lone;
mod on_disintegrate;
mod on_postgres_es;
mod ours;
mod race;
mod read_all;
mod read_tag;
mod server;
mod setting;
mod store;

use crate::{
    args::PostgresArgs,
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
    ("bulk-append", bulk::measure),
];

/// Measures the stores on PostgreSQL.
///
/// # Errors
/// An unknown name, a server that is missing or not durable, and whatever a measurement meets.
pub(crate) fn run(args: &PostgresArgs) -> Result<()> {
    suite::run_in("postgres", MEASUREMENTS, &args.suite, |bench| Setting::new(&bench, args))
}
