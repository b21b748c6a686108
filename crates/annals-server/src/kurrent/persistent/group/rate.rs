//! How many events went out, how fast, and how long they took.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Counts what goes out.
#[derive(Debug)]
pub(super) struct Rate {
    since: Instant,
    total: u64,
    measured: u64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Measured {
    pub(crate) total: u64,
    /// Since it was asked last.
    pub(crate) since_last: u64,
    pub(crate) per_second: u64,
}

impl Rate {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, total: 0, measured: 0 }
    }

    pub(super) const fn count(&mut self) {
        self.total += 1;
    }

    pub(super) fn measure(&mut self, now: Instant) -> Measured {
        let since_last = self.total - self.measured;
        self.measured = self.total;
        let seconds = now.duration_since(self.since).as_secs().max(1);
        Measured { total: self.total, since_last, per_second: self.total / seconds }
    }
}

/// How long the newest events were with a consumer until it acknowledged them.
#[derive(Debug, Default)]
pub(super) struct Latencies(VecDeque<Duration>);

/// How many are remembered.
const KEPT: usize = 1_000;

/// The name of each measurement, and which part of the events is as fast or faster, in
/// thousandths.
const QUANTILES: [(&str, usize); 13] = [
    ("Median", 500),
    ("Fastest", 0),
    ("Quintile 1", 200),
    ("Quintile 2", 400),
    ("Quintile 3", 600),
    ("Quintile 4", 800),
    ("Quintile 5", 1_000),
    ("90%", 900),
    ("95%", 950),
    ("99%", 990),
    ("99.5%", 995),
    ("99.9%", 999),
    ("Highest", 1_000),
];

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(latency);
    }

    /// Measurements in milliseconds, by the names that people know from elsewhere; none without
    /// events.
    pub(super) fn measure(&self) -> Vec<(&'static str, u64)> {
        let mut sorted: Vec<_> = self.0.iter().map(Duration::as_millis).collect();
        sorted.sort_unstable();
        let Some(last) = sorted.len().checked_sub(1) else { return Vec::new() };
        let millis = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
        let mean = sorted.iter().sum::<u128>() / sorted.len() as u128;
        let at = |part: usize| sorted.get(last * part / 1_000).copied().unwrap_or_default();
        let quantiles = QUANTILES.iter().map(|(name, part)| (*name, millis(at(*part))));
        [("Mean", millis(mean))].into_iter().chain(quantiles).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_counts_from_the_last_one() {
        let begin = Instant::now();
        let mut rate = Rate::new(begin);
        (0..10).for_each(|_| rate.count());
        let measured = rate.measure(begin + Duration::from_secs(5));
        assert_eq!(measured, Measured { total: 10, since_last: 10, per_second: 2 });
        assert_eq!(rate.measure(begin).since_last, 0);
    }

    #[test]
    fn latencies_are_told_in_milliseconds() {
        let mut latencies = Latencies::default();
        assert!(latencies.measure().is_empty());
        for millis in 0..=2_000 {
            latencies.add(Duration::from_millis(millis));
        }
        let measured = latencies.measure();
        let of = |name| measured.iter().find(|(known, _)| *known == name).unwrap().1;
        assert_eq!((of("Fastest"), of("Highest")), (1_001, 2_000));
        assert_eq!((of("Mean"), of("Median")), (1_500, 1_500));
    }
}
