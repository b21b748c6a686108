//! `bench cluster`: a node over three servers of NATS, beside bare JetStream on the same servers
//! and the embedded engine.

mod failover;
mod new_node;
mod on_jetstream;
mod setting;

use crate::{
    args::SuiteArgs,
    contest::{bulk, catch_up, crowd, load, lone, read_all, read_tag},
    problem::Result,
    suite::{self, Measurement},
};
use setting::Setting;

/// In the order of the table. The last ones append, start nodes and kill servers.
const MEASUREMENTS: &[Measurement<Setting>] = &[
    ("load", load::measure),
    ("read-all", read_all::measure),
    ("read-tag", read_tag::measure),
    ("catch-up", catch_up::measure),
    ("lone-append", lone::measure),
    ("concurrent-append", |setting| {
        let mut rows = crowd::measure_of(setting, 64)?;
        rows.extend(crowd::measure_of(setting, 512)?);
        Ok(rows)
    }),
    ("bulk-append", |setting| {
        let name = "append 100 events of a stream at once";
        bulk::measure(setting, name, |writer| writer.stream_of(100))
    }),
    ("new-node", new_node::measure),
    ("failover", failover::measure),
];

/// Measures a node.
///
/// # Errors
/// An unknown name, no nats-server, and whatever a measurement meets.
pub(crate) fn run(args: &SuiteArgs) -> Result<()> {
    suite::run_in("cluster", MEASUREMENTS, args, Setting::new)
}
