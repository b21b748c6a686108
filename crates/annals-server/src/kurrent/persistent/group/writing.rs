//! When a group wants its progress written: how far it is, and how far its parked events are done.

use std::time::Instant;

use super::{Group, saving::Saving};

impl<E: Clone> Group<E> {
    /// The progress that is to be written now; when the group stops, all that there is.
    /// Whether it was written has to be said before it is asked again.
    pub(crate) fn begin_save(&mut self, moment: Moment) -> Option<u64> {
        due(&mut self.saving, self.source.floor(), moment)
    }

    /// That progress was written.
    pub(crate) const fn saved(&mut self, floor: u64, now: Instant) {
        self.saving.saved(floor, now);
    }

    /// It could not be written.
    pub(crate) fn not_saved(&mut self, now: Instant) {
        self.saving.failed(now);
    }

    /// Before which version the parked stream is to be cut off now.
    pub(crate) fn begin_truncate(&mut self, moment: Moment) -> Option<u64> {
        due(&mut self.truncating, self.parked.floor(), moment)
    }

    /// That was done, or somebody else did it.
    pub(crate) const fn truncated(&mut self, floor: u64, now: Instant) {
        self.truncating.saved(floor, now);
    }

    /// It could not be done.
    pub(crate) fn not_truncated(&mut self, now: Instant) {
        self.truncating.failed(now);
    }

    /// When progress is to be written even if nothing happens.
    pub(crate) fn save_at(&self, now: Instant) -> Option<Instant> {
        self.saving.wake(self.source.floor(), now)
    }

    /// When the parked stream is to be cut off even if nothing happens.
    pub(crate) fn truncate_at(&self, now: Instant) -> Option<Instant> {
        self.truncating.wake(self.parked.floor(), now)
    }
}

/// When progress is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// While the group works.
    At(Instant),
    /// When it stops.
    Last,
}

fn due(saving: &mut Saving, floor: u64, moment: Moment) -> Option<u64> {
    let is_due = match moment {
        Moment::At(now) => saving.is_due(floor, now),
        Moment::Last => floor > saving.floor(),
    };
    if is_due {
        saving.begin();
    }
    is_due.then_some(floor)
}
