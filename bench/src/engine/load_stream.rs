//! Loading a stream of 50 events out of 100,000 streams, as an aggregate is loaded.
//!
//! Spread: the events of a stream are written in 50 rounds over all streams, as real aggregates
//! grow. Contiguous: one stream after the other, as an import leaves it.

use std::path::Path;

use annals_core::{Append, ExpectedVersion, ReadStream, StreamName};
use annals_engine::{Engine, Options};

use super::{
    bench::{Bench, segments},
    child::drain,
    scale::Scale,
};
use crate::{
    bare::BareReader,
    problem::Result,
    random::Random,
    report::{Goal, Row},
    samples::Latencies,
    turns::in_turns,
    workload::Workload,
};

/// Events of the streams that are loaded.
const LONG: u64 = 50;
/// Events of the other streams.
const SHORT: u64 = 10;
/// Events in a commit while the store is built.
const BATCH: usize = 2_000;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let scale = &bench.scale;
    let events = scale.long_streams * LONG + (scale.streams - scale.long_streams) * SHORT;
    eprintln!("      building two stores of {events} events");
    let streams = scale.streams;
    let rounds = (0..LONG).flat_map(|round| {
        let is_due = move |stream: &u64| round < length(scale, *stream);
        (0..streams).filter(is_due)
    });
    let name = format!("load a stream of {LONG} out of {streams}");
    let spread = row(bench, &format!("{name}, spread"), rounds, ("50 reads", 1))?;
    let in_a_row =
        (0..streams).flat_map(|stream| std::iter::repeat_n(stream, length(scale, stream) as usize));
    let contiguous = row(bench, &format!("{name}, contiguous"), in_a_row, ("one read", 50))?;
    Ok(vec![spread.goal(Goal::AtMost(25e-6)), contiguous.goal(Goal::AtMost(25e-6))])
}

/// How many events a stream has.
const fn length(scale: &Scale, stream: u64) -> u64 {
    let every = scale.streams / scale.long_streams;
    if stream.is_multiple_of(every) { LONG } else { SHORT }
}

/// Builds a store whose events go to these streams, and loads the long ones.
fn row(
    bench: &Bench,
    name: &str,
    order: impl Iterator<Item = u64>,
    (what, piece_events): (&'static str, usize),
) -> Result<Row> {
    let folder = bench.folder()?;
    let engine = Engine::open(folder.path(), Options::default())?;
    let workload = Workload::new(1);
    build(&engine, workload.clone(), order)?;
    let mut bare = bare(bench, folder.path(), piece_events)?;
    let scale = &bench.scale;
    let every = scale.streams / scale.long_streams;
    let mut random = Random::new(1);
    let mut streams = Vec::with_capacity(scale.reads);
    for _ in 0..scale.reads {
        streams.push(workload.stream(random.below(scale.long_streams) * every)?);
    }
    loads(&engine, &streams)?;
    let pairs = in_turns(
        scale.rounds,
        || {
            random.shuffle(&mut streams);
            loads(&engine, &streams)
        },
        || Latencies::of(scale.reads, || Ok(bare.read(LONG as usize / piece_events)?)),
    )?;
    Ok(Row::latencies(name, what, pairs))
}

fn build(
    engine: &Engine,
    mut workload: Workload,
    mut order: impl Iterator<Item = u64>,
) -> Result<()> {
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        for stream in order.by_ref().take(BATCH) {
            batch.push((workload.stream(stream)?, workload.event()?));
        }
        if batch.is_empty() {
            return Ok(());
        }
        engine.append(Append::interleaved(ExpectedVersion::Any, batch))?;
    }
}

fn loads(engine: &Engine, streams: &[StreamName]) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for stream in streams {
        let read = ReadStream::new(stream.clone());
        let count = latencies.time(|| drain(engine, read))?;
        if count != LONG {
            return Err(format!("stream `{stream}` has {count} events, not {LONG}").into());
        }
    }
    Ok(latencies)
}

/// A reader of as many bytes as so many events take, in the largest segment.
fn bare(bench: &Bench, store: &Path, events: usize) -> Result<BareReader> {
    let event_bytes = bench.bytes_of_commit(1_000)? / 1_000;
    let largest = segments(store)?.into_iter().max_by_key(|(_, bytes)| *bytes);
    let (segment, _) = largest.ok_or("the store has no segment")?;
    Ok(BareReader::open(&segment, event_bytes * events)?)
}
