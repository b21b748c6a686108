//! The groups of consumers as metrics, by their names: those are given by the people who run the
//! server, and not by every client.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

use crate::kurrent::persistent::watch::Watched;

/// Of how many groups there are metrics.
pub(crate) const GROUPS_MAX: usize = 1_000;

/// One metric of all groups.
struct Figure {
    name: &'static str,
    help: &'static str,
    of: fn(&Watched) -> Option<f64>,
}

const FIGURES: [Figure; 5] = [
    Figure {
        name: "annals_subscription_lag_events",
        help: "Events that the consumers of a group have not finished, those included that a \
               filter may yet leave out",
        of: |group| Some(group.lag_events as f64),
    },
    Figure {
        name: "annals_subscription_lag_seconds",
        help: "Since when the oldest event is stored that the consumers of a group have and have \
               not finished",
        of: |group| Some(group.lag_seconds),
    },
    Figure {
        name: "annals_subscription_position",
        help: "The checkpoint of a group: a position, or for a stream a version",
        of: |group| group.checkpoint.map(|place| place as f64),
    },
    Figure {
        name: "annals_subscription_inflight_messages",
        help: "Events that the consumers of a group have at the moment",
        of: |group| Some(group.in_flight as f64),
    },
    Figure {
        name: "annals_subscription_parked_messages",
        help: "Events that the consumers of a group could not deal with",
        of: |group| Some(group.parked as f64),
    },
];

pub(super) fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    groups: &[Watched],
) -> Result<(), fmt::Error> {
    if groups.is_empty() {
        return Ok(());
    }
    for Figure { name, help, of } in FIGURES {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for group in groups {
            if let Some(value) = of(group) {
                let label = [("subscription", group.name.as_str())];
                ConstGauge::new(value).encode(metric.encode_family(&label)?)?;
            }
        }
    }
    Ok(())
}
