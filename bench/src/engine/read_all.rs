//! Reading the whole store from beginning to end, warm.

use std::time::Instant;

use annals_core::{Query, ReadAll};
use annals_engine::Engine;

use super::{
    bench::{Bench, segments},
    child::drain,
};
use crate::{
    bare::read_through,
    problem::Result,
    report::{Goal, Row},
    samples::rate,
    turns::in_turns,
};

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let engine = bench.shared()?;
    let files = segments(&bench.store(bench.scale.events)?.dir)?;
    all_per_second(&engine)?;
    let pairs = in_turns(
        bench.scale.rounds,
        || all_per_second(&engine),
        || {
            let start = Instant::now();
            for (file, _) in &files {
                read_through(file)?;
            }
            Ok(rate(bench.scale.events, start.elapsed()))
        },
    )?;
    let row = Row::rates("read all, warm", ("events", "bare reader"), &pairs);
    Ok(vec![row.goal(Goal::AtLeast(2e6))])
}

/// Reads everything once; gives the events a second.
pub(crate) fn all_per_second(engine: &Engine) -> Result<f64> {
    let start = Instant::now();
    let count = drain(engine, ReadAll::new(Query::all()))?;
    Ok(rate(count, start.elapsed()))
}
