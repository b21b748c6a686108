//! One thread appends 1,000 events a commit.

use annals_engine::{Engine, Options};

use super::bench::Bench;
use crate::{
    bare::BareWriter,
    problem::Result,
    report::{Goal, Row},
    samples::{Latencies, rate},
    turns::in_turns,
    workload::Workload,
};

const COMMIT_EVENTS: u64 = 1_000;
const BARE_FILE_BYTES: u64 = 64 * 1024 * 1024;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let engine = Engine::open(folder.path().join("store"), Options::default())?;
    let bytes = bench.bytes_of_commit(COMMIT_EVENTS)?;
    let mut bare = BareWriter::create(&folder.path().join("bare"), BARE_FILE_BYTES, bytes)?;
    let mut workload = Workload::new(1);
    let commits = bench.scale.bulk_commits;
    let per_second = |took: Latencies| rate(COMMIT_EVENTS * commits as u64, took.sum());
    let pairs = in_turns(
        bench.scale.rounds,
        || Ok(per_second(appends(&engine, &mut workload, commits)?)),
        || Ok(per_second(Latencies::of(commits, || Ok(bare.write()?))?)),
    )?;
    let row = Row::rates("bulk append, 1,000 events a commit", ("events", "bare writer"), &pairs);
    Ok(vec![row.goal(Goal::RatioAtLeast(0.7))])
}

/// The time that each commit takes. Making the events is not counted.
fn appends(engine: &Engine, workload: &mut Workload, commits: usize) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for _ in 0..commits {
        let append = workload.batch(COMMIT_EVENTS)?;
        latencies.time(|| Ok(engine.append(append)?))?;
    }
    Ok(latencies)
}
