//! 64 appenders at once, each waiting for its own append, beside one alone.

use annals_engine::{Embedded, Options};

use super::{
    appenders::{as_tasks, as_threads, writers},
    bench::Bench,
};
use crate::{
    problem::Result,
    report::{Goal, Row},
    turns::in_turns,
};

const APPENDERS: u64 = 64;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let store = Embedded::open(folder.path(), Options::default())?;
    let mut crowd = writers(APPENDERS);
    let mut lone = writers(APPENDERS + 1).split_off(APPENDERS as usize);
    let (rounds, time) = (bench.scale.rounds / 2 + 1, bench.scale.crowd_time);
    let threads = in_turns(
        rounds,
        || as_threads(store.engine(), &mut crowd, time),
        || as_threads(store.engine(), &mut lone, time),
    )?;
    let tasks = in_turns(
        rounds,
        || as_tasks(&store, &mut crowd, time),
        || as_threads(store.engine(), &mut lone, time),
    )?;
    let row = |name, pairs: &[(f64, f64)]| {
        Row::rates(name, ("appends", "one thread"), pairs).goal(Goal::RatioAtLeast(20.0))
    };
    Ok(vec![row("64 appenders, threads", &threads), row("64 appenders, async tasks", &tasks)])
}
