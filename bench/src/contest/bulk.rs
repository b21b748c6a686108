//! One writer appends many events at a time.

use std::time::{Duration, Instant};

use annals_core::Append;

use super::{
    field::Field,
    race::Race,
    store::{Contender, Deed},
};
use crate::{problem::Result, report::Row, samples::rate, workload::Workload};

/// The seed of the first round.
const SEED: u64 = 3_000;

pub(crate) fn measure(
    field: &impl Field,
    name: &str,
    batch: fn(&mut Workload) -> Result<Append>,
) -> Result<Vec<Row>> {
    let ground = field.ground();
    let commits = ground.scale.bulk_commits / 10;
    let scale = (Deed::Bulk, ground.scale.rounds);
    let race = Race::run(field, scale, |store, round| {
        let mut writer = ground.writer(SEED + round as u64);
        let store = Contender::clone(store);
        ground.run(async move {
            let (mut took, mut count) = (Duration::ZERO, 0);
            for _ in 0..commits {
                let work = store.append(batch(&mut writer)?)?;
                let start = Instant::now();
                count += work.await?;
                took += start.elapsed();
            }
            Ok(rate(count, took))
        })
    })?;
    Ok(race.rows(name, "events"))
}
