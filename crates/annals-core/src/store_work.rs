//! What a store counts of its own work, for those who watch it.
//!
//! Counting is on the path of every append, so it takes no lock and no memory.

use std::sync::atomic::{AtomicU64, Ordering};

/// How much a store has done through one handle since that was opened, and what waits to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreWork {
    /// Appends and other writes that wait to be committed.
    pub queued: u64,
    /// How many appends and other writes each commit made durable together.
    pub commit_appends: Spread,
    /// How many events each commit made durable together.
    pub commit_events: Spread,
    /// Nanoseconds that each sync of the log took, where the store syncs itself.
    pub sync_nanos: Option<Spread>,
    /// Of a node: its work with the log that orders what all nodes apply.
    pub log: Option<LogWork>,
}

/// What a node has done with the log that orders what all nodes apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogWork {
    /// Microseconds since the log took the newest entry that is applied, while more are known of; 0
    /// while there are none.
    pub behind_micros: u64,
    /// Nanoseconds from the first attempt to put a proposal into the log until the log had it.
    pub publish_nanos: Spread,
    /// How often a proposal was put into the log again, because the answer was lost.
    pub republished: u64,
}

/// How many values fell into each range. Each range ends at twice the end of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// The end of the first range, included.
    pub first_end: u64,
    /// How many values fell into each range; the last one has no end.
    pub counts: [u64; RANGES],
    /// All values together.
    pub sum: u64,
}

/// How many ranges there are.
pub const RANGES: usize = 20;

impl Spread {
    /// The ends of the ranges, included, as far as they have one.
    pub fn ends(&self) -> impl Iterator<Item = u64> {
        let first = self.first_end;
        (0..RANGES - 1).map(move |range| first << range)
    }
}

/// A [`Spread`] that is being counted, from any number of threads.
#[derive(Debug)]
pub struct Histogram {
    first_end: u64,
    counts: [AtomicU64; RANGES],
    sum: AtomicU64,
}

impl Histogram {
    /// Counts in ranges of which the first ends at `first_end`, included; 0 is taken for 1.
    #[must_use]
    pub fn new(first_end: u64) -> Self {
        Self {
            first_end: std::cmp::max(first_end, 1),
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts a value.
    pub fn record(&self, value: u64) {
        let firsts = value.div_ceil(self.first_end);
        // The smallest power of two that is no less.
        let range = u64::BITS - firsts.saturating_sub(1).leading_zeros();
        let range = std::cmp::min(range as usize, RANGES - 1);
        if let Some(count) = self.counts.get(range) {
            count.fetch_add(1, Ordering::Relaxed);
            self.sum.fetch_add(value, Ordering::Relaxed);
        }
    }

    /// What was counted so far. A value that is recorded meanwhile may be in a part of it only.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let counts = std::array::from_fn(|range| {
            self.counts.get(range).map_or(0, |count| count.load(Ordering::Relaxed))
        });
        Spread { first_end: self.first_end, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In which range a value is counted.
    fn range(first_end: u64, value: u64) -> usize {
        let histogram = Histogram::new(first_end);
        histogram.record(value);
        let spread = histogram.spread();
        assert_eq!(spread.sum, value);
        spread.counts.iter().position(|count| *count == 1).unwrap()
    }

    #[test]
    fn a_value_is_counted_in_the_first_range_whose_end_is_no_less() {
        assert_eq!([0, 1, 2, 3, 4, 5, 8, 9].map(|value| range(1, value)), [0, 0, 1, 2, 2, 3, 3, 4]);
        assert_eq!([0, 10, 11, 20, 21].map(|value| range(10, value)), [0, 0, 1, 1, 2]);
        assert_eq!(range(1, u64::MAX), RANGES - 1);
        let spread = Histogram::new(10).spread();
        for (expected, end) in spread.ends().enumerate() {
            assert_eq!((range(10, end), range(10, end + 1)), (expected, expected + 1));
        }
    }

    #[test]
    fn threads_count_together() {
        let histogram = Histogram::new(1);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| histogram.record(3)));
            }
        });
        let spread = histogram.spread();
        assert_eq!((spread.counts[2], spread.sum), (4_000, 12_000));
    }
}
