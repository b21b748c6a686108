//! What a store must be after each number of steps, by the in-memory reference.

use std::sync::Arc;

use annals_core::{Backend, ManualClock, MemoryBackend};

use crate::{
    picture::Picture,
    room::{Room, time_of},
    workload::{self, Step},
};

/// The steps of the workload, and the store after each number of them.
pub(crate) struct Expected {
    pub(crate) steps: Vec<Step>,
    pictures: Vec<Picture>,
}

impl Expected {
    /// The workload of so many rounds.
    pub(crate) fn of(rounds: u64) -> Self {
        let steps = workload::steps(rounds);
        let clock = Arc::new(ManualClock::at(time_of(0)));
        let store = MemoryBackend::with_clock(Arc::<ManualClock>::clone(&clock));
        let picture = |store: &MemoryBackend| Picture::of(store).expect("memory answers");
        let mut pictures = vec![picture(&store)];
        for (number, step) in steps.iter().enumerate() {
            clock.set(time_of(number));
            // A refusal is part of the workload.
            drop(step.run(&store));
            pictures.push(picture(&store));
        }
        Self { steps, pictures }
    }

    /// The store holds what was answered, perhaps with the one step that was on its way, and
    /// nothing else. Gives how many steps it holds.
    pub(crate) fn check(&self, store: &dyn Backend, answered: usize) -> usize {
        let found = Picture::of(store).expect("a store that opened can be read");
        let on_its_way = std::cmp::min(answered + 1, self.steps.len());
        let held = [answered, on_its_way].into_iter().find(|held| found == self.pictures[*held]);
        held.unwrap_or_else(|| {
            let difference = found.difference(&self.pictures[answered]);
            panic!("{answered} steps were answered: {}", difference.unwrap_or_default())
        })
    }

    /// The rest of the steps, from a number on, leads to the finished store.
    pub(crate) fn finish(&self, room: &Room, store: &dyn Backend, from: usize) {
        let done = room.run(store, &self.steps, from);
        assert_eq!(done, self.steps.len(), "the store works after a crash");
        self.check_finished(store);
    }

    /// The store is that of the finished workload.
    pub(crate) fn check_finished(&self, store: &dyn Backend) {
        self.check_picture(&Picture::of(store).expect("a store that works can be read"));
    }

    /// The picture is that of the workload after some step.
    pub(crate) fn check_beginning(&self, found: &Picture) {
        let is_known = self.pictures.contains(found);
        assert!(
            is_known,
            "not a beginning of the workload: {:?}",
            found.difference(&self.pictures[0])
        );
    }

    /// The picture is that of the finished workload.
    pub(crate) fn check_picture(&self, found: &Picture) {
        let difference = found.difference(&self.pictures[self.steps.len()]);
        assert_eq!(difference, None, "after all of the workload");
    }
}

/// Says what was being checked when a check panicked.
pub(crate) fn naming<T>(name: impl FnOnce() -> String, check: impl FnOnce() -> T) -> T {
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check));
    checked.unwrap_or_else(|_| panic!("{}", name()))
}
