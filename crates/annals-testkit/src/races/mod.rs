//! Races: many threads on one store, and promises that hold whatever the order.
//!
//! Nobody waits by the clock. Threads start together, and what they did is judged afterwards by
//! its [`History`](crate::History) and by the events that are stored.

mod boundaries;
mod lost_answers;
mod state;
mod streams;
mod subscribers;

use std::{
    panic::resume_unwind,
    sync::Barrier,
    thread::{self, ScopedJoinHandle},
};

use annals_core::{Query, ReadAll, RecordedEvent};

use crate::{Case, Store};

pub(crate) const CASES: &[&[Case]] =
    &[streams::CASES, boundaries::CASES, subscribers::CASES, lost_answers::CASES, state::CASES];

/// How many race, more than there are processors.
const RACERS: u64 = 8;

/// Counts the attempts of a racer. Each refusal means that another one got through, so a racer
/// that is refused more often than all of them together can get through meets a wrong refusal.
#[derive(Default)]
struct Attempts(u32);

impl Attempts {
    fn next(&mut self) {
        self.0 += 1;
        assert!(self.0 < 1_000, "refused a thousand times, and nobody else got through instead");
    }
}

/// Runs `work` on so many threads at once, with their numbers, and gives what they gave.
///
/// The first panic among them becomes that of the caller.
fn crowd<T: Send>(count: u64, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let together = Barrier::new(usize::try_from(count).unwrap_or(usize::MAX));
    thread::scope(|scope| {
        let racers: Vec<_> = (0..count)
            .map(|number| {
                let (work, together) = (&work, &together);
                scope.spawn(move || {
                    together.wait();
                    work(number)
                })
            })
            .collect();
        racers.into_iter().map(joined).collect()
    })
}

fn joined<T>(racer: ScopedJoinHandle<'_, T>) -> T {
    racer.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Everything that is stored.
fn all(store: &Store) -> Vec<RecordedEvent> {
    store.read(ReadAll::new(Query::all()))
}
