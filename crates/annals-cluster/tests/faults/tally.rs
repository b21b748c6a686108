//! What was answered in a round, and for how long nothing was.

use std::time::{Duration, Instant};

use annals_testkit::Outcome;
use parking_lot::Mutex;

use crate::seats::SEATS;

/// What was answered in a round.
#[derive(Debug)]
pub(crate) struct Tally {
    counts: Mutex<Counts>,
    pauses: Mutex<Pauses>,
}

/// How many appends ended how.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Stored, and told so.
    pub(crate) acknowledged: u64,
    /// Of these, those that turned out to have been stored by an attempt whose answer was lost.
    pub(crate) reconciled: u64,
    /// Refused by their condition.
    pub(crate) refused: u64,
    /// Attempts without an answer.
    pub(crate) unknown: u64,
}

#[derive(Debug)]
struct Pauses {
    /// The last acknowledgement through each node, and through any.
    last: [Instant; SEATS + 1],
    longest: [Duration; SEATS + 1],
    /// How often there was one.
    answers: [u64; SEATS + 1],
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self { counts: Mutex::default(), pauses: Mutex::new(Pauses::begin()) }
    }

    /// Notes how an attempt ended.
    pub(crate) fn note(&self, seat: usize, outcome: &Outcome) {
        let mut counts = self.counts.lock();
        match outcome {
            Outcome::Unknown => counts.unknown += 1,
            Outcome::Refused(_) => counts.refused += 1,
            Outcome::Stored(stored) => {
                counts.acknowledged += 1;
                counts.reconciled += u64::from(stored.duplicate);
            }
        }
        drop(counts);
        if !matches!(outcome, Outcome::Unknown) {
            self.pauses.lock().end(seat);
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.counts.lock()
    }

    /// From now on pauses count.
    pub(crate) fn begin(&self) {
        *self.pauses.lock() = Pauses::begin();
    }

    /// How many answers have come through a node since then.
    pub(crate) fn answers(&self, seat: usize) -> u64 {
        self.pauses.lock().answers[seat]
    }

    /// The longest pause through any node, and through the one that most was done to.
    pub(crate) fn longest(&self) -> [Duration; 2] {
        let pauses = self.pauses.lock();
        [pauses.longest[SEATS], pauses.longest[SEATS - 1]]
    }
}

impl Pauses {
    fn begin() -> Self {
        let (last, longest) = ([Instant::now(); SEATS + 1], [Duration::ZERO; SEATS + 1]);
        Self { last, longest, answers: [0; SEATS + 1] }
    }

    fn end(&mut self, seat: usize) {
        let now = Instant::now();
        for which in [seat, SEATS] {
            let pause = now - self.last[which];
            self.longest[which] = std::cmp::max(self.longest[which], pause);
            self.last[which] = now;
            self.answers[which] += 1;
        }
    }
}
