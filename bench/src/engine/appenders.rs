//! Many appenders at once, as threads and as tasks.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use annals_core::Backend;
use annals_engine::{Embedded, Engine};
use futures_lite::future::block_on;
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::{problem::Result, samples::rate, workload::Workload};

/// A writer for each, with streams of its own.
pub(crate) fn writers(count: u64) -> Vec<Workload> {
    let first = Workload::new(1);
    (1..=count).map(|seed| first.sibling(seed)).collect()
}

/// A thread for each writer, all on the blocking API; gives the appends a second.
pub(crate) fn as_threads(engine: &Engine, writers: &mut [Workload], time: Duration) -> Result<f64> {
    let begin = Barrier::new(writers.len() + 1);
    thread::scope(|scope| {
        let spawn = |writer| {
            scope.spawn(|| {
                begin.wait();
                append_for(engine, writer, time)
            })
        };
        let threads: Vec<_> = writers.iter_mut().map(spawn).collect();
        begin.wait();
        let start = Instant::now();
        let mut count = 0;
        for thread in threads {
            count += thread.join().map_err(|_| "an appender panicked")??;
        }
        Ok(rate(count, start.elapsed()))
    })
}

/// Appends one by one for a while; gives how many.
pub(crate) fn append_for(engine: &Engine, writer: &mut Workload, time: Duration) -> Result<u64> {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < time {
        engine.append(writer.append()?)?;
        count += 1;
    }
    Ok(count)
}

/// A task for each writer, all on this one thread; gives the appends a second.
pub(crate) fn as_tasks(store: &Embedded, writers: &mut [Workload], time: Duration) -> Result<f64> {
    let start = Instant::now();
    let append = |writer| append_in_task(store, writer, start, time);
    let mut tasks: FuturesUnordered<_> = writers.iter_mut().map(append).collect();
    let count = block_on(async {
        let mut count = 0;
        while let Some(appended) = tasks.next().await {
            count += appended?;
        }
        Result::Ok(count)
    })?;
    Ok(rate(count, start.elapsed()))
}

async fn append_in_task(
    store: &Embedded,
    writer: &mut Workload,
    start: Instant,
    time: Duration,
) -> Result<u64> {
    let mut count = 0;
    while start.elapsed() < time {
        store.append(writer.append()?).await?;
        count += 1;
    }
    Ok(count)
}
