//! One writer appends one event at a time, and waits for each.

use std::{sync::Arc, time::Instant};

use super::{
    race::Race,
    setting::{Contender, Setting},
    store::Deed,
};
use crate::{problem::Result, report::Row, samples::Latencies};

/// The seed of the first round.
const SEED: u64 = 1_000;
/// One `INSERT` writes into the table of the loop, so its streams are others.
const ITS_OWN: u64 = 500;

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let calls = setting.scale.synced_calls;
    let scale = (Deed::Basics, setting.scale.rounds);
    let one_insert = &setting.contenders().one_insert;
    let mut contenders = setting.contenders().everybody();
    contenders.push(Contender::clone(one_insert));
    let race = Race::between(&contenders, scale, |store, round| {
        let own = if Arc::ptr_eq(store, one_insert) { ITS_OWN } else { 0 };
        let mut writer = setting.writer(SEED + own + round as u64);
        let store = Contender::clone(store);
        setting.run(async move {
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
