//! Samples of one kind, and what they come to.

use std::time::{Duration, Instant};

use crate::problem::Result;

/// How long each of many calls took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Times a call `count` times.
    pub(crate) fn of(count: usize, mut call: impl FnMut() -> Result<()>) -> Result<Self> {
        let mut samples = Self::default();
        for _ in 0..count {
            samples.time(&mut call)?;
        }
        Ok(samples)
    }

    /// Times a call `count` times, on one item after the other, around and around.
    pub(crate) fn of_each<T>(
        items: &[T],
        count: usize,
        mut call: impl FnMut(&T) -> Result<()>,
    ) -> Result<Self> {
        let mut items = items.iter().cycle();
        Self::of(count, || items.next().map_or(Ok(()), &mut call))
    }

    /// Times one call.
    pub(crate) fn time<T>(&mut self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let done = call()?;
        self.0.push(start.elapsed());
        Ok(done)
    }

    pub(crate) fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether there are so many.
    pub(crate) const fn is_of(&self, count: usize) -> bool {
        self.0.len() == count
    }

    /// All of them together.
    pub(crate) fn sum(&self) -> Duration {
        self.0.iter().sum()
    }

    /// The smallest sample that at least `percent` % do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// How many a second.
pub(crate) fn rate(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// The middle, the lowest and the highest of some numbers.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let last = sorted.len().saturating_sub(1);
        let median = f64::midpoint(at(last / 2), at(sorted.len() / 2));
        Self { median, low: at(0), high: at(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let micros = (1..=200).rev().map(Duration::from_micros);
        let samples = Latencies(micros.collect());
        assert_eq!(samples.percentile(50), Duration::from_micros(100));
        assert_eq!(samples.percentile(99), Duration::from_micros(198));
        assert_eq!(Latencies::default().percentile(99), Duration::ZERO);
    }

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        let spread = Spread::of([4.0, 1.0, 2.0, 3.0]);
        assert_eq!((spread.low, spread.median, spread.high), (1.0, 2.5, 4.0));
        assert_eq!(Spread::of([3.0, 1.0, 2.0]).median, 2.0);
    }
}
