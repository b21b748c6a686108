//! When progress is written: after enough events, or after enough time with a few of them.

use std::time::{Duration, Instant};

/// How often progress is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SaveRule {
    /// After this long, if at least `events_min` were finished. `None`: time does not count.
    pub(crate) after: Option<Duration>,
    pub(crate) events_min: u64,
    /// After this many events at once.
    pub(crate) events_max: u64,
}

/// What was written, and what happened since.
#[derive(Debug)]
pub(super) struct Saving {
    rule: SaveRule,
    floor: u64,
    finished: u64,
    /// How many of those are in what is being written.
    writing: u64,
    since: Instant,
    not_before: Option<Instant>,
}

/// How long to wait after a write that failed.
const PAUSE: Duration = Duration::from_secs(1);

impl Saving {
    pub(super) const fn new(rule: SaveRule, floor: u64, now: Instant) -> Self {
        Self { rule, floor, finished: 0, writing: 0, since: now, not_before: None }
    }

    /// The floor that was written last.
    pub(super) const fn floor(&self) -> u64 {
        self.floor
    }

    /// So many events were finished or passed.
    pub(super) const fn count(&mut self, events: u64) {
        self.finished = self.finished.saturating_add(events);
    }

    /// Whether a floor is to be written now.
    pub(super) fn is_due(&self, floor: u64, now: Instant) -> bool {
        self.wake(floor, now).is_some_and(|at| at <= now)
    }

    /// When a floor is to be written if nothing else happens; `None`: not before something does.
    pub(super) fn wake(&self, floor: u64, now: Instant) -> Option<Instant> {
        if floor <= self.floor {
            return None;
        }
        let due = if self.finished >= self.rule.events_max {
            now
        } else if self.finished >= self.rule.events_min {
            self.since + self.rule.after?
        } else {
            return None;
        };
        Some(self.not_before.map_or(due, |not_before| not_before.max(due)))
    }

    /// A floor is being written; what is finished meanwhile counts for the next one.
    pub(super) const fn begin(&mut self) {
        self.writing = self.finished;
    }

    /// A floor was written.
    pub(super) const fn saved(&mut self, floor: u64, now: Instant) {
        self.floor = floor;
        self.finished -= self.writing;
        self.writing = 0;
        self.since = now;
        self.not_before = None;
    }

    /// Writing failed; it is tried again a little later.
    pub(super) fn failed(&mut self, now: Instant) {
        self.writing = 0;
        self.not_before = Some(now + PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: SaveRule =
        SaveRule { after: Some(Duration::from_secs(2)), events_min: 2, events_max: 5 };

    #[test]
    fn a_few_events_wait_for_the_time_and_many_do_not() {
        let begin = Instant::now();
        let mut saving = Saving::new(RULE, 0, begin);
        saving.count(1);
        assert_eq!(saving.wake(1, begin), None, "too few");
        saving.count(1);
        assert_eq!(saving.wake(2, begin), Some(begin + Duration::from_secs(2)));
        assert_eq!(saving.wake(0, begin), None, "the floor has not moved");
        saving.count(3);
        assert!(saving.is_due(5, begin));
        saving.begin();
        saving.saved(5, begin);
        assert!(!saving.is_due(5, begin) && !saving.is_due(6, begin));
        assert_eq!(saving.floor(), 5);
    }

    #[test]
    fn what_is_finished_while_something_is_written_counts_for_the_next_write() {
        let begin = Instant::now();
        let mut saving = Saving::new(RULE, 0, begin);
        saving.count(5);
        saving.begin();
        saving.count(2);
        saving.saved(5, begin);
        assert!(saving.is_due(7, begin + Duration::from_secs(2)));
    }

    #[test]
    fn without_a_time_only_the_number_counts() {
        let begin = Instant::now();
        let mut saving = Saving::new(SaveRule { after: None, ..RULE }, 0, begin);
        saving.count(4);
        assert_eq!(saving.wake(4, begin), None);
        saving.count(1);
        assert!(saving.is_due(5, begin));
    }

    #[test]
    fn a_write_that_failed_is_tried_again_but_not_at_once() {
        let begin = Instant::now();
        let mut saving = Saving::new(RULE, 0, begin);
        saving.count(5);
        saving.failed(begin);
        assert!(!saving.is_due(5, begin));
        assert!(saving.is_due(5, begin + PAUSE));
    }
}
