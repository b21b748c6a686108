//! Opening stores of very different sizes: time, memory, and bytes on disk.

use super::{bench::Bench, child};
use crate::{
    problem::Result,
    report::{Figure, Goal, Row},
    samples::Spread,
};

const OPENINGS: usize = 5;
const MEMORY_BYTES_MAX: f64 = 100e6;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut times = Vec::new();
    let mut sizes = Vec::new();
    let mut smallest: Option<(Figure, f64)> = None;
    for events in &bench.scale.sizes {
        let (events, built) = (*events, bench.store(*events)?);
        let opened = (0..OPENINGS)
            .map(|_| child::start_open(&built.dir, events))
            .collect::<Result<Vec<_>>>()?;
        let seconds = Spread::of(opened.iter().map(|opened| opened.took.as_secs_f64()));
        let time = Figure::Time(std::time::Duration::from_secs_f64(seconds.median));
        let mut row = Row::alone(format!("open, {events} events"), time);
        let (small, small_seconds) = *smallest.get_or_insert((time, seconds.median));
        if small != time {
            let ratio = Spread::of([seconds.median / small_seconds]);
            row = row.beside("the smallest", small, ratio);
        }
        times.push(row.goal(Goal::AtMost(0.3)));

        let most = |bytes: fn(&child::Opened) -> u64| opened.iter().map(bytes).max();
        let memory = [
            ("opened", most(|opened| opened.memory_bytes_open).unwrap_or_default()),
            ("opened and read", most(|opened| opened.memory_bytes_read).unwrap_or_default()),
            ("while appending", built.memory_bytes),
        ];
        for (when, bytes) in memory {
            let row = Row::alone(format!("memory, {events} events, {when}"), Figure::Bytes(bytes));
            sizes.push(row.goal(Goal::AtMost(MEMORY_BYTES_MAX)));
        }
        let (disk, user) = (built.disk_bytes, built.user_bytes);
        let ratio = Spread::of([disk as f64 / user as f64]);
        let row = Row::alone(format!("disk, {events} events"), Figure::Bytes(disk));
        let row = row.beside("data and names", Figure::Bytes(user), ratio);
        sizes.push(row.goal(Goal::RatioAtMost(1.35)));
    }
    times.extend(sizes);
    Ok(times)
}
