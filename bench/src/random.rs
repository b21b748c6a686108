//! Random numbers that are the same in every run.

use std::sync::Arc;

/// A small generator (`SplitMix64`): a walk over all 64-bit numbers, each scrambled.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not zero. The bias of the remainder does not matter here.
    pub(crate) const fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// From 0 up to, but not including, 1.
    fn fraction(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Puts the elements into random order.
    pub(crate) fn shuffle<T>(&mut self, elements: &mut [T]) {
        for end in (1..elements.len()).rev() {
            let other = self.below(end as u64 + 1) as usize;
            elements.swap(end, other);
        }
    }

    /// Appends letters and digits: text that does not compress to much less than three quarters.
    pub(crate) fn put_letters(&mut self, out: &mut Vec<u8>, count: usize) {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let end = out.len() + count;
        while out.len() < end {
            let mut bits = self.number();
            for _ in 0..std::cmp::min(10, end - out.len()) {
                out.push(LETTERS[(bits & 63) as usize]);
                bits >>= 6;
            }
        }
    }
}

/// Ranks from 0 on, of which each is as frequent as its place says: 1, 1/2, 1/3 and so on.
#[derive(Debug, Clone)]
pub(crate) struct Zipf {
    /// The sum of the frequencies up to each rank.
    sums: Arc<[f64]>,
}

impl Zipf {
    pub(crate) fn new(ranks: u64) -> Self {
        let mut sum = 0.0;
        let sums = (1..=ranks).map(|place| {
            sum += 1.0 / place as f64;
            sum
        });
        Self { sums: sums.collect() }
    }

    pub(crate) fn rank(&self, random: &mut Random) -> u64 {
        let total = self.sums.last().copied().unwrap_or_default();
        let at = random.fraction() * total;
        self.sums.partition_point(|sum| *sum <= at) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            let mut random = Random::new(seed);
            [random.number(), random.number(), random.below(10)]
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
    }

    #[test]
    fn low_ranks_are_frequent() {
        let zipf = Zipf::new(1_000);
        let mut random = Random::new(1);
        let mut counts = vec![0; 1_000];
        for _ in 0..100_000 {
            counts[zipf.rank(&mut random) as usize] += 1;
        }
        // The share of the first rank is 1 / (1 + 1/2 + ... + 1/1000), about 13 %.
        assert!((12_000..15_000).contains(&counts[0]), "{}", counts[0]);
        assert!((5_500..8_000).contains(&counts[1]), "{}", counts[1]);
    }

    #[test]
    fn letters_are_as_many_as_asked_for() {
        let mut out = Vec::new();
        Random::new(1).put_letters(&mut out, 25);
        assert_eq!(out.len(), 25);
        assert!(out.iter().all(u8::is_ascii_graphic));
    }
}
