//! One writer appends 1,000 events at a time.

use std::time::{Duration, Instant};

use super::{
    race::Race,
    setting::{Contender, Setting},
    store::Deed,
};
use crate::{problem::Result, report::Row, samples::rate};

const COMMIT_EVENTS: u64 = 1_000;
/// The seed of the first round.
const SEED: u64 = 3_000;

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let commits = setting.scale.bulk_commits / 10;
    let scale = (Deed::Basics, setting.scale.rounds);
    let mut contenders = setting.contenders().everybody();
    contenders.push(Contender::clone(&setting.contenders().copy));
    let race = Race::between(&contenders, scale, |store, round| {
        let mut writer = setting.writer(SEED + round as u64);
        let store = Contender::clone(store);
        setting.run(async move {
            let (mut took, mut count) = (Duration::ZERO, 0);
            for _ in 0..commits {
                let work = store.append(writer.batch(COMMIT_EVENTS)?)?;
                let start = Instant::now();
                count += work.await?;
                took += start.elapsed();
            }
            Ok(rate(count, took))
        })
    })?;
    Ok(race.rows("bulk append, 1,000 events a commit", "events"))
}
