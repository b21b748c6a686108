//! Loading a stream of 50 events among all others.

use std::{sync::Arc, time::Instant};

use super::{
    field::Field,
    fill::LONG,
    race::Race,
    store::{Contender, Deed},
};
use crate::{problem::Result, report::Row, samples::Latencies};

pub(crate) fn measure(field: &impl Field) -> Result<Vec<Row>> {
    let ground = field.ground();
    let calls = ground.scale.reads / 10;
    let streams = Arc::new(ground.filled.streams.clone());
    let scale = (Deed::Load, ground.scale.rounds);
    let race = Race::run(field, scale, |store, round| {
        let (store, streams) = (Contender::clone(store), Arc::clone(&streams));
        ground.run(async move {
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
