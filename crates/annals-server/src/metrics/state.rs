//! What the store said of itself when it was last asked, as metrics.

use std::fmt;

use annals_core::StoreInfo;
use parking_lot::Mutex;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

/// What the store said; nothing is written for a store that gave no answer.
#[derive(Debug, Default)]
pub(super) struct State(Mutex<Option<StoreInfo>>);

impl State {
    pub(super) fn set(&self, store: Option<StoreInfo>) {
        *self.0.lock() = store;
    }
}

impl Collector for State {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(store) = self.0.lock().clone() else {
            return Ok(());
        };
        if let Some(head) = store.head {
            let help = "The position of the newest event";
            gauge(&mut encoder, "annals_log_position", help, None, head.get())?;
        }
        // A store gives its size as a whole.
        if let Some(bytes) = store.bytes {
            let help = "Bytes that the store takes up";
            let label = Some([("kind", "all")]);
            gauge(&mut encoder, "annals_store_size_bytes", help, label, bytes)?;
        }
        if let Some(segments) = store.segments {
            let label = Some([("state", "all")]);
            gauge(&mut encoder, "annals_segments", "Files of the log", label, segments)?;
        }
        Ok(())
    }
}

fn gauge(
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
