//! How far a group has come: everything below the floor is finished.
//!
//! Only what is unfinished is remembered, and that is bounded by the buffers of the group; so
//! nothing grows, however far the events behind a stuck one get.

use std::collections::BTreeSet;

/// The events of one source that were taken in, as far as they are not finished.
#[derive(Debug)]
pub(super) struct Progress {
    next: u64,
    unfinished: BTreeSet<u64>,
}

impl Progress {
    /// Nothing was taken in yet; everything before `at` is finished.
    pub(super) const fn at(at: u64) -> Self {
        Self { next: at, unfinished: BTreeSet::new() }
    }

    /// An event was taken in.
    pub(super) fn take(&mut self, place: u64) {
        self.pass(place);
        self.unfinished.insert(place);
    }

    /// Up to here, included, there is nothing more for the consumers. Gives how many places that
    /// is.
    pub(super) fn pass(&mut self, place: u64) -> u64 {
        let passed = place.saturating_add(1).saturating_sub(self.next);
        self.next += passed;
        passed
    }

    /// An event is done with.
    pub(super) fn finish(&mut self, place: u64) {
        self.unfinished.remove(&place);
    }

    /// The first place that may be unfinished.
    pub(super) fn floor(&self) -> u64 {
        self.unfinished.first().copied().unwrap_or(self.next)
    }

    /// How many events were taken in and are not finished.
    pub(super) fn unfinished(&self) -> usize {
        self.unfinished.len()
    }

    /// The place after the last that was seen.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_waits_for_the_oldest_and_then_leaps() {
        let mut progress = Progress::at(10);
        for place in [10, 12, 13] {
            progress.take(place);
        }
        progress.finish(12);
        progress.finish(13);
        assert_eq!(progress.floor(), 10);
        progress.finish(10);
        assert_eq!(progress.floor(), 14);
        assert_eq!(progress.pass(20), 7);
        assert_eq!(progress.pass(15), 0, "what was passed is not passed again");
        assert_eq!((progress.floor(), progress.next()), (21, 21));
    }
}
