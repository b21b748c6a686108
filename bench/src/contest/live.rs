//! From the call of an append to the delivery of its event to a live subscriber in another task.

use std::time::Instant;

use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot};

use super::{
    field::Field,
    race::Race,
    store::{Contender, Deed},
};
use crate::{problem::Result, report::Row, samples::Latencies, workload::Workload};

/// The seed of the first round.
const SEED: u64 = 4_000;

pub(crate) fn measure(field: &impl Field) -> Result<Vec<Row>> {
    let ground = field.ground();
    let calls = ground.scale.synced_calls;
    let scale = (Deed::Live, ground.scale.rounds);
    let race = Race::run(field, scale, |store, round| {
        let writer = ground.writer(SEED + round as u64);
        ground.run(publish(Contender::clone(store), writer, calls))
    })?;
    Ok(race.rows("live: append to delivery"))
}

/// The first event is not counted: with it, a subscription that begins without a word has begun.
async fn publish(store: Contender, mut writer: Workload, calls: usize) -> Result<Latencies> {
    let (begun, begins) = oneshot::channel();
    let (tell, mut seen) = mpsc::unbounded_channel();
    let subscriber = tokio::spawn(tell_of_each(Contender::clone(&store), calls + 1, begun, tell));
    let mut latencies = Latencies::default();
    // Its end without a word is told by what the subscriber comes to.
    if begins.await.is_ok() {
        for number in 0..=calls {
            let work = store.append(writer.append()?)?;
            let start = Instant::now();
            work.await?;
            let Some(at) = seen.recv().await else { break };
            if number > 0 {
                latencies.push(Instant::duration_since(&at, start));
            }
        }
    }
    subscriber.await??;
    if latencies.is_of(calls) {
        return Ok(latencies);
    }
    Err(format!("{}: events came that nobody had appended", store.name()).into())
}

async fn tell_of_each(
    store: Contender,
    events: usize,
    begun: oneshot::Sender<()>,
    tell: mpsc::UnboundedSender<Instant>,
) -> Result<()> {
    let mut deliveries = store.follow().await?;
    begun.send(()).map_err(|()| "nobody appends")?;
    let mut left = events;
    while left > 0 {
        let count = deliveries.next().await.ok_or("the subscription ended")??;
        let at = Instant::now();
        for _ in 0..count {
            tell.send(at).map_err(|_| "nobody appends")?;
        }
        left = left.saturating_sub(usize::try_from(count)?);
    }
    Ok(())
}
