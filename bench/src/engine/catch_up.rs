//! A subscription from the beginning until it has caught up.

use std::time::Instant;

use annals_core::{Backend, Delivery, Query, Subscribe, SubscribeStart};
use annals_engine::Embedded;
use futures_lite::{StreamExt, future::block_on};

use super::{bench::Bench, read_all::all_per_second};
use crate::{problem::Result, report::Row, samples::rate, turns::in_turns};

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let store = Embedded::from(bench.shared()?);
    let pairs = in_turns(
        bench.scale.rounds,
        || caught_up_per_second(&store),
        || all_per_second(store.engine()),
    )?;
    Ok(vec![Row::rates("subscribe, catch up", ("events", "read all"), &pairs)])
}

fn caught_up_per_second(store: &Embedded) -> Result<f64> {
    let start = Instant::now();
    let mut deliveries = store.subscribe(Subscribe::all(Query::all(), SubscribeStart::Beginning));
    block_on(async {
        let mut count = 0;
        while let Some(delivery) = deliveries.next().await {
            match delivery? {
                Delivery::Event(event) => {
                    std::hint::black_box(event);
                    count += 1;
                }
                Delivery::CaughtUp { .. } => return Ok(rate(count, start.elapsed())),
                Delivery::FellBehind { .. } | Delivery::Checkpoint(_) => {}
            }
        }
        Err("the subscription ended".into())
    })
}
