//! 16 appenders and 4 readers of random streams at once.
//!
//! Readers never wait and take all the processor they get, so the appenders are compared with
//! appenders beside as many threads that only compute: what is left is what the engine adds.

use std::{
    thread,
    time::{Duration, Instant},
};

use annals_core::ReadStream;
use annals_engine::{Engine, Options};

use super::{
    appenders::{as_threads, writers},
    bench::Bench,
    child::drain,
};
use crate::{
    problem::Result,
    random::Random,
    report::Row,
    samples::rate,
    turns::in_turns,
    workload::{STREAM_EVENTS, Workload},
};

const APPENDERS: u64 = 16;
const READERS: u64 = 4;
/// Events that are there to be read.
const EVENTS: u64 = 100_000;
const BATCH: u64 = 1_000;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let engine = Engine::open(folder.path(), Options::default())?;
    let mut written = Workload::new(0);
    for _ in 0..EVENTS / BATCH {
        engine.append(written.batch(BATCH)?)?;
    }
    let (mut crowd, mut alone) = (writers(APPENDERS), writers(APPENDERS * 2));
    alone.drain(..APPENDERS as usize);
    let time = bench.scale.crowd_time;
    let pairs = in_turns(
        bench.scale.rounds / 2 + 1,
        || {
            thread::scope(|scope| {
                let reads = scope.spawn(|| read_for(&engine, &written, time));
                let appends = as_threads(&engine, &mut crowd, time)?;
                Ok((appends, reads.join().map_err(|_| "the readers panicked")??))
            })
        },
        || {
            let appends = thread::scope(|scope| {
                for _ in 0..READERS {
                    scope.spawn(|| compute_for(time));
                }
                as_threads(&engine, &mut alone, time)
            })?;
            Ok((appends, read_for(&engine, &written, time)?))
        },
    )?;
    let appends: Vec<_> = pairs.iter().map(|(both, alone)| (both.0, alone.0)).collect();
    let reads: Vec<_> = pairs.iter().map(|(both, alone)| (both.1, alone.1)).collect();
    Ok(vec![
        Row::rates("16 appenders beside 4 readers", ("appends", "beside 4 busy threads"), &appends),
        Row::rates("4 readers beside 16 appenders", ("streams", "without appenders"), &reads),
    ])
}

/// All readers for a while; gives the streams read a second.
fn read_for(engine: &Engine, written: &Workload, time: Duration) -> Result<f64> {
    let read = |seed| {
        let mut random = Random::new(seed);
        let start = Instant::now();
        let mut count = 0;
        while start.elapsed() < time {
            let stream = written.stream(random.below(EVENTS / STREAM_EVENTS))?;
            drain(engine, ReadStream::new(stream))?;
            count += 1;
        }
        Result::Ok(count)
    };
    thread::scope(|scope| {
        let start = Instant::now();
        let readers: Vec<_> = (0..READERS).map(|seed| scope.spawn(move || read(seed))).collect();
        let mut count = 0;
        for reader in readers {
            count += reader.join().map_err(|_| "a reader panicked")??;
        }
        Ok(rate(count, start.elapsed()))
    })
}

/// Keeps a processor busy for a while.
fn compute_for(time: Duration) {
    let start = Instant::now();
    let mut random = Random::new(1);
    while start.elapsed() < time {
        for _ in 0..10_000 {
            std::hint::black_box(random.number());
        }
    }
}
