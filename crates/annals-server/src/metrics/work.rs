//! What the store counted of its own work, as metrics.

use std::fmt;

use annals_core::{LogWork, Spread, StoreWork};
use prometheus_client::{
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::MetricType,
};

use super::state::gauge;

/// How many nanoseconds are a second.
const NANOS: f64 = 1e9;
/// How many microseconds are.
const MICROS: f64 = 1e6;

pub(super) fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    work: &StoreWork,
) -> Result<(), fmt::Error> {
    let help = "Appends and other writes that wait to be committed";
    gauge(encoder, "annals_commit_queue_appends", help, None, work.queued)?;
    let help = "Appends and other writes that were made durable together";
    histogram(encoder, "annals_commit_batch_appends", help, &work.commit_appends, 1.0)?;
    let help = "Events that were made durable together";
    histogram(encoder, "annals_commit_batch_events", help, &work.commit_events, 1.0)?;
    if let Some(nanos) = &work.sync_nanos {
        let help = "From asking the disk to make a commit durable to its answer";
        histogram(encoder, "annals_fsync_duration_seconds", help, nanos, NANOS)?;
    }
    match &work.log {
        Some(log) => of_log(encoder, log),
        None => Ok(()),
    }
}

fn of_log(encoder: &mut DescriptorEncoder<'_>, log: &LogWork) -> Result<(), fmt::Error> {
    let help = "Age of the newest entry that is applied, while there are newer ones";
    let mut metric =
        encoder.encode_descriptor("annals_node_behind_seconds", help, None, MetricType::Gauge)?;
    metric.encode_gauge(&(log.behind_micros as f64 / MICROS))?;
    let help = "From the first attempt to put a proposal into the log until the log had it";
    histogram(encoder, "annals_node_proposal_duration_seconds", help, &log.publish_nanos, NANOS)?;
    let help = "Proposals that were put into the log again, because the answer was lost";
    let name = "annals_node_proposals_repeated";
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    metric.encode_counter::<NoLabelSet, _, u64>(&log.republished, None)
}

/// Writes a spread, whose values are so many to the unit.
fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    spread: &Spread,
    per_unit: f64,
) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    // The last range has no end, which is written so.
    let ends = spread.ends().map(|end| end as f64 / per_unit).chain([f64::INFINITY]);
    let ranges: Vec<_> = ends.zip(spread.counts).collect();
    let count = spread.counts.iter().sum();
    metric.encode_histogram::<NoLabelSet>(spread.sum as f64 / per_unit, count, &ranges, None)
}
