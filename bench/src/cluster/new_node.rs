//! A new node applies the whole log, beside reading the same messages and doing nothing.

use std::{cell::Cell, time::Instant};

use annals_cluster::{
    Cluster, Options,
    log::{JetStreamLog, OrderedLog},
};
use annals_core::Backend;
use futures_util::StreamExt;

use super::setting::Setting;
use crate::{
    contest::field::Field, problem::Result, report::Row, samples::rate, turns::in_turns,
};

const ROUNDS: usize = 3;

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let ground = setting.ground();
    let store = setting.node.clone();
    let info = ground.run(async move { Ok(store.info().await?) })?;
    let last = setting.node.applied();
    let count = Cell::new(0);
    let pairs = in_turns(
        ROUNDS,
        || {
            count.set(count.get() + 1);
            let target = setting.target(&setting.folder(&format!("new-{}", count.get())))?;
            ground.run(async move {
                let begun = Instant::now();
                let node = Cluster::open_target(&target, Options::default()).await?;
                let took = begun.elapsed();
                node.close().await?;
                Ok(rate(info.events, took))
            })
        },
        || {
            let target = setting.target(&setting.folder("nobody"))?;
            ground.run(async move {
                let log = JetStreamLog::connect(&target, "bench").await?;
                let begun = Instant::now();
                let mut messages = log.follow(1);
                while let Some(message) = messages.next().await {
                    if message?.sequence >= last {
                        break;
                    }
                }
                Ok(rate(info.events, begun.elapsed()))
            })
        },
    )?;
    let name = format!("a new node applies {} events in {last} entries", info.events);
    Ok(vec![Row::rates(name, ("events", "reading the log alone"), &pairs)])
}
