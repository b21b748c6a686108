//! Opening stores of very different sizes: time, memory, and bytes on disk.

use std::{fs, path::Path, time::Duration};

use super::{
    bench::{Bench, segments},
    child::{self, Built, Opened},
};
use crate::{
    bare::read_through,
    problem::Result,
    report::{Figure, Goal, Row},
    samples::Spread,
};

/// How often each is opened.
const OPENINGS: usize = 5;
const MEMORY_BYTES_MAX: f64 = 100e6;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut stores = Vec::new();
    for events in &bench.scale.sizes {
        stores.push(Store::measure(bench, *events)?);
    }
    let mut rows = Vec::new();
    let smallest = stores.first().map_or(Duration::ZERO, Store::time);
    for store in &stores {
        let (time, events) = (store.time(), store.events);
        let row = Row::alone(format!("open, {events} events"), Figure::Time(time));
        let ratio = Spread::of([time.as_secs_f64() / smallest.as_secs_f64()]);
        let row = row.beside("the smallest", Figure::Time(smallest), ratio);
        rows.push(row.goal(Goal::AtMost(0.3)));
    }
    rows.extend(stores.iter().flat_map(Store::sizes));
    Ok(rows)
}

/// A store of one size, built and opened.
struct Store {
    events: u64,
    built: Built,
    opened: Vec<Opened>,
}

impl Store {
    fn measure(bench: &Bench, events: u64) -> Result<Self> {
        let built = bench.store(events)?;
        let mut opened = Vec::with_capacity(OPENINGS);
        for _ in 0..OPENINGS {
            warm(&built.dir)?;
            opened.push(child::start_open(&built.dir, events)?);
        }
        Ok(Self { events, built, opened })
    }

    /// How long opening takes, in the middle.
    fn time(&self) -> Duration {
        let seconds = self.opened.iter().map(|opened| opened.took.as_secs_f64());
        Duration::from_secs_f64(Spread::of(seconds).median)
    }

    /// The rows about memory and disk.
    fn sizes(&self) -> Vec<Row> {
        let events = self.events;
        let most = |bytes: fn(&Opened) -> u64| self.opened.iter().map(bytes).max();
        let memory = [
            ("opened", most(|opened| opened.memory_bytes_open)),
            ("opened and read", most(|opened| opened.memory_bytes_read)),
            ("while appending", Some(self.built.memory_bytes)),
        ];
        let row = |(when, bytes): (&str, Option<u64>)| {
            let figure = Figure::Bytes(bytes.unwrap_or_default());
            let row = Row::alone(format!("memory, {events} events, {when}"), figure);
            row.goal(Goal::AtMost(MEMORY_BYTES_MAX))
        };
        let mut rows: Vec<_> = memory.map(row).into();
        let (disk, user) = (self.built.disk_bytes, self.built.user_bytes);
        let ratio = Spread::of([disk as f64 / user as f64]);
        let row = Row::alone(format!("disk, {events} events"), Figure::Bytes(disk));
        let row = row.beside("data and names", Figure::Bytes(user), ratio);
        rows.push(row.goal(Goal::RatioAtMost(1.35)));
        rows
    }
}

/// Reads what opening reads, so that it comes from the page cache each time: what the system has
/// dropped from there meanwhile says nothing about the engine.
fn warm(store: &Path) -> Result<()> {
    if let Some((newest, _)) = segments(store)?.last() {
        read_through(newest)?;
    }
    warm_folder(&store.join("index"))
}

fn warm_folder(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            warm_folder(&path)?;
        } else {
            read_through(&path)?;
        }
    }
    Ok(())
}
