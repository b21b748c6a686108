//! One writer appends unless an event with the same shared tag has come since its last one.

use std::time::Instant;

use super::{
    field::Field,
    fill::customer,
    race::Race,
    store::{Contender, Deed},
};
use crate::{problem::Result, report::Row, samples::Latencies};

/// The seed of the first round.
const SEED: u64 = 2_000;

pub(crate) fn measure(field: &impl Field) -> Result<Vec<Row>> {
    let ground = field.ground();
    let calls = ground.scale.synced_calls;
    let scale = (Deed::Condition, ground.scale.rounds);
    let race = Race::run(field, scale, |store, round| {
        let mut writer = ground.writer(SEED + round as u64);
        let store = Contender::clone(store);
        ground.run(async move {
            let mut latencies = Latencies::default();
            for _ in 0..calls {
                let append = writer.append()?;
                let event = append.writes.first().and_then(|write| write.events.first());
                let tag = event.and_then(|event| customer(&event.tags)).cloned();
                let work = store.append_unless(append, &tag.ok_or("an event has no tag")?)?;
                let start = Instant::now();
                work.await?;
                latencies.push(start.elapsed());
            }
            Ok(latencies)
        })
    })?;
    Ok(race.rows("append with a condition on a tag"))
}
