//! The nodes that keep the store together as metrics, as this one sees them. No label names one.

use std::fmt;

use annals_core::Node;
use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

use super::state::gauge;

pub(super) fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    nodes: &[Node],
) -> Result<(), fmt::Error> {
    if nodes.is_empty() {
        return Ok(());
    }
    if let Some(this) = nodes.iter().find(|node| node.is_this) {
        let help = "Entries of the log that this node has applied";
        gauge(encoder, "annals_node_applied_entries", help, None, this.applied)?;
        let help = "Entries of the log that this node knows of and has not applied";
        gauge(encoder, "annals_node_behind_entries", help, None, this.behind)?;
    }
    let alive = nodes.iter().filter(|node| node.is_alive).count();
    let help = "Nodes that keep the store together, as this one last heard of them";
    let mut metric = encoder.encode_descriptor("annals_nodes", help, None, MetricType::Gauge)?;
    for (state, count) in [("alive", alive), ("dead", nodes.len() - alive)] {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        ConstGauge::new(count).encode(metric.encode_family(&[("state", state)])?)?;
    }
    Ok(())
}
