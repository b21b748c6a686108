//! What the store and the groups said of themselves when they were last asked, as metrics.

use std::fmt;

use annals_core::{Node, StoreInfo, StoreWork};
use parking_lot::Mutex;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

use super::{groups, nodes, work};
use crate::kurrent::persistent::watch::Watched;

/// What was found at one moment. Nothing is written of what gave no answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) info: Option<StoreInfo>,
    pub(crate) work: Option<StoreWork>,
    pub(crate) groups: Vec<Watched>,
    /// Those that keep the store together.
    pub(crate) nodes: Vec<Node>,
    /// How far the catch-up subscription furthest behind is behind the newest event.
    pub(crate) catch_up_lag: Option<u64>,
}

/// What was found last.
#[derive(Debug, Default)]
pub(super) struct State(Mutex<Seen>);

impl State {
    pub(super) fn set(&self, seen: Seen) {
        *self.0.lock() = seen;
    }
}

impl Collector for State {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let seen = self.0.lock().clone();
        if let Some(store) = &seen.info {
            encode_info(&mut encoder, store)?;
        }
        if let Some(work) = &seen.work {
            work::encode(&mut encoder, work)?;
        }
        if let Some(lag) = seen.catch_up_lag {
            let help = "Events that the subscription furthest behind was not given yet";
            gauge(&mut encoder, "annals_catch_up_lag_events", help, None, lag)?;
        }
        nodes::encode(&mut encoder, &seen.nodes)?;
        groups::encode(&mut encoder, &seen.groups)
    }
}

fn encode_info(encoder: &mut DescriptorEncoder<'_>, store: &StoreInfo) -> Result<(), fmt::Error> {
    if let Some(head) = store.head {
        let help = "The position of the newest event";
        gauge(encoder, "annals_log_position", help, None, head.get())?;
    }
    // A store gives its size as a whole.
    if let Some(bytes) = store.bytes {
        let help = "Bytes that the store takes up";
        let label = Some([("kind", "all")]);
        gauge(encoder, "annals_store_size_bytes", help, label, bytes)?;
    }
    if let Some(segments) = store.segments {
        let label = Some([("state", "all")]);
        gauge(encoder, "annals_segments", "Files of the log", label, segments)?;
    }
    Ok(())
}

pub(super) fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: Option<[(&str, &str); 1]>,
    value: u64,
) -> Result<(), fmt::Error> {
    let value = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    match label {
        None => value.encode(metric),
        Some(label) => value.encode(metric.encode_family(&label)?),
    }
}
