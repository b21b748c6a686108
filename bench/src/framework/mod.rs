//! `bench framework`: what the framework costs on top of the store.

mod bank;
mod execute;
mod load;
mod peer;
mod project;
mod sqlite;

use crate::{
    args::SuiteArgs,
    problem::Result,
    suite::{self, Measurement},
};

/// In the order of the table.
const MEASUREMENTS: &[Measurement] = &[
    ("load", load::measure),
    ("execute", execute::measure),
    ("project", project::measure),
    ("peer", peer::measure),
];

/// Measures the framework.
///
/// # Errors
/// An unknown name, and whatever a measurement meets.
pub(crate) fn run(args: &SuiteArgs) -> Result<()> {
    suite::run("framework", MEASUREMENTS, args)
}
