//! Loading a stream of 50 events among all others.

use std::{sync::Arc, time::Instant};

use super::{
    fill::LONG,
    race::Race,
    setting::{Contender, Setting},
    store::Deed,
};
use crate::{problem::Result, report::Row, samples::Latencies};

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let calls = setting.scale.reads / 10;
    let streams = Arc::new(setting.filled.streams.clone());
    let scale = (Deed::Basics, setting.scale.rounds);
    let race = Race::run(setting, scale, |store, round| {
        let (store, streams) = (Contender::clone(store), Arc::clone(&streams));
        setting.run(async move {
            let mut latencies = Latencies::default();
            for stream in streams.iter().cycle().skip(round).take(calls) {
                let start = Instant::now();
                let count = store.load(stream).await?;
                latencies.push(start.elapsed());
                if count != LONG {
                    return Err(format!("{}: {count} events in a stream", store.name()).into());
                }
            }
            Ok(latencies)
        })
    })?;
    Ok(race.rows(&format!("load a stream of {LONG} events")))
}
