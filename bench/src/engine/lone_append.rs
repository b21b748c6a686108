//! One thread appends one event at a time, and waits for each.

use annals_engine::{Engine, Options};

use super::bench::Bench;
use crate::{
    bare::BareWriter,
    problem::Result,
    report::{Goal, Row},
    samples::Latencies,
    turns::in_turns,
    workload::Workload,
};

const BARE_FILE_BYTES: u64 = 4 * 1024 * 1024;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let engine = Engine::open(folder.path().join("store"), Options::default())?;
    let bytes = bench.bytes_of_commit(1)?;
    let mut bare = BareWriter::create(&folder.path().join("bare"), BARE_FILE_BYTES, bytes)?;
    let mut workload = Workload::new(1);
    let calls = bench.scale.synced_calls;
    let pairs = in_turns(
        bench.scale.rounds * 2,
        || appends(&engine, &mut workload, calls),
        || Latencies::of(calls, || Ok(bare.write()?)),
    )?;
    let row = Row::latencies("lone append", "bare write and sync", pairs);
    Ok(vec![row.goal(Goal::RatioAtMost(1.3))])
}

/// The latencies of lone appends. Making the events is not counted.
pub(crate) fn appends(engine: &Engine, workload: &mut Workload, calls: usize) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for _ in 0..calls {
        let append = workload.append()?;
        latencies.time(|| Ok(engine.append(append)?))?;
    }
    Ok(latencies)
}
