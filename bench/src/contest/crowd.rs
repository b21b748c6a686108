//! Many writers at once, each waiting for its own append.

use std::time::{Duration, Instant};

use super::{
    field::Field,
    race::Race,
    store::{Contender, Deed},
};
use crate::{problem::Result, report::Row, samples::rate, workload::Workload};

pub(crate) const WRITERS: u64 = 64;
/// The seeds of the first round begin here.
const SEED: u64 = 10_000;

pub(crate) fn measure(field: &impl Field) -> Result<Vec<Row>> {
    measure_of(field, WRITERS)
}

/// The same with another number of writers.
pub(crate) fn measure_of(field: &impl Field, count: u64) -> Result<Vec<Row>> {
    let ground = field.ground();
    let (rounds, time) = (ground.scale.rounds / 2 + 1, ground.scale.crowd_time);
    let race = Race::run(field, (Deed::Crowd, rounds), |store, round| {
        // Other seeds for other numbers of writers, so that all write streams of their own.
        let first = SEED + count * 1_000 + round as u64 * count;
        let writers = (first..first + count).map(|seed| ground.writer(seed)).collect();
        ground.run(at_once(Contender::clone(store), writers, time))
    })?;
    for store in field.matches(Deed::Crowd).iter().map(|pair| &pair.theirs) {
        if store.repeated() > 0 {
            eprintln!("      {}: {} appends were repeated", store.name(), store.repeated());
        }
    }
    Ok(race.rows(&format!("{count} appenders"), "appends"))
}

/// Everybody appends for a while; gives the appends a second.
pub(crate) async fn at_once(
    store: Contender,
    writers: Vec<Workload>,
    time: Duration,
) -> Result<f64> {
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
