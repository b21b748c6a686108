//! 64 writers at once, each waiting for its own append; ours also beside one writer alone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    race::Race,
    setting::{Contender, Setting},
    store::Deed,
};
use crate::{
    problem::Result,
    report::{Goal, Row},
    samples::rate,
    workload::Workload,
};

const WRITERS: u64 = 64;
/// The seeds of the first round begin here.
const SEED: u64 = 10_000;

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let (rounds, time) = (setting.scale.rounds / 2 + 1, setting.scale.crowd_time);
    let (mut crowds, mut lone) = (Vec::new(), Vec::new());
    let ours = &setting.contenders().ours;
    let race = Race::run(setting, (Deed::Basics, rounds), |store, round| {
        let first = SEED + round as u64 * 2 * WRITERS;
        let writers = (first..first + WRITERS).map(|seed| setting.writer(seed)).collect();
        let per_second = setting.run(at_once(Contender::clone(store), writers, time))?;
        if Arc::ptr_eq(store, ours) {
            let alone = vec![setting.writer(first + WRITERS)];
            lone.push(setting.run(at_once(Contender::clone(store), alone, time))?);
            crowds.push(per_second);
        }
        Ok(per_second)
    })?;
    for store in setting.contenders().everybody() {
        if store.repeated() > 0 {
            eprintln!("      {}: {} appends were repeated", store.name(), store.repeated());
        }
    }
    let mut rows = race.rows("64 appenders", "appends");
    let pairs: Vec<_> = crowds.into_iter().zip(lone).collect();
    let beside_one = Row::rates("64 appenders", ("appends", "one appender of ours"), &pairs);
    rows.push(beside_one.goal(Goal::RatioAtLeast(8.0)));
    Ok(rows)
}

/// Everybody appends for a while; gives the appends a second.
async fn at_once(store: Contender, writers: Vec<Workload>, time: Duration) -> Result<f64> {
    let start = Instant::now();
    let begin = |writer| tokio::spawn(append_for(Contender::clone(&store), writer, start, time));
    let tasks: Vec<_> = writers.into_iter().map(begin).collect();
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    Ok(rate(count, start.elapsed()))
}

async fn append_for(
    store: Contender,
    mut writer: Workload,
    start: Instant,
    time: Duration,
) -> Result<u64> {
    let mut count = 0;
    while start.elapsed() < time {
        count += store.append(writer.append()?)?.await?;
    }
    Ok(count)
}
