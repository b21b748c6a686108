//! One writer appends one event at a time, and waits for each.

use std::time::Instant;

use super::{
    field::Field,
    race::Race,
    store::{Contender, Deed},
};
use crate::{problem::Result, report::Row, samples::Latencies};

/// The seed of the first round.
const SEED: u64 = 1_000;

pub(crate) fn measure(field: &impl Field) -> Result<Vec<Row>> {
    let ground = field.ground();
    let calls = ground.scale.synced_calls;
    let scale = (Deed::Lone, ground.scale.rounds);
    let race = Race::run(field, scale, |store, round| {
        let mut writer = ground.writer(SEED + round as u64);
        let store = Contender::clone(store);
        ground.run(async move {
            let mut latencies = Latencies::default();
            for _ in 0..calls {
                let work = store.append(writer.append()?)?;
                let start = Instant::now();
                work.await?;
                latencies.push(start.elapsed());
            }
            Ok(latencies)
        })
    })?;
    Ok(race.rows("lone append"))
}
