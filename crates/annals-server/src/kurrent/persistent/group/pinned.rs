//! Which consumer the events of one stream, or of one correlation, go to.
//!
//! Sources are hashed into buckets, and each bucket has an owner. A bucket changes its owner only
//! while none of its events is held, so two consumers never work on one source at once; and only
//! to make the owners' shares more even, so it comes to rest.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::consumers::ConsumerId;

/// A share of all sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Bucket(u16);

const BUCKETS: u16 = 1024;

impl Bucket {
    /// The bucket of a source.
    pub(crate) fn of(source: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        let short = hasher.finish() % u64::from(BUCKETS);
        Self(u16::try_from(short).unwrap_or_default())
    }

    #[cfg(test)]
    pub(crate) const fn new(number: u16) -> Self {
        Self(number)
    }
}

/// The owners of the buckets.
#[derive(Debug, Default)]
pub(super) struct Pins {
    /// Only buckets that were used.
    buckets: HashMap<Bucket, Pin>,
    /// How many buckets each consumer owns, in the order in which they came.
    owned: Vec<(ConsumerId, usize)>,
}

#[derive(Debug)]
struct Pin {
    owner: Option<ConsumerId>,
    held: usize,
}

impl Pins {
    pub(super) fn join(&mut self, consumer: ConsumerId) {
        self.owned.push((consumer, 0));
    }

    pub(super) fn leave(&mut self, consumer: ConsumerId) {
        self.owned.retain(|(owner, _)| *owner != consumer);
        for pin in self.buckets.values_mut().filter(|pin| pin.owner == Some(consumer)) {
            *pin = Pin { owner: None, held: 0 };
        }
    }

    /// Who gets the next event of a bucket; `None` without consumers.
    pub(super) fn owner(&mut self, bucket: Bucket) -> Option<ConsumerId> {
        let (least, count) = self.owned.iter().min_by_key(|(_, count)| *count).copied()?;
        let pin = self.buckets.entry(bucket).or_insert(Pin { owner: None, held: 0 });
        match pin.owner {
            Some(owner) if pin.held > 0 => return Some(owner),
            Some(owner) => {
                let share = self.owned.iter_mut().find(|(id, _)| *id == owner);
                match share {
                    Some((_, share)) if *share > count + 1 => *share -= 1,
                    _ => return Some(owner),
                }
            }
            None => {}
        }
        pin.owner = Some(least);
        if let Some((_, share)) = self.owned.iter_mut().find(|(id, _)| *id == least) {
            *share += 1;
        }
        Some(least)
    }

    /// An event of a bucket is held by its owner.
    pub(super) fn given(&mut self, bucket: Bucket) {
        if let Some(pin) = self.buckets.get_mut(&bucket) {
            pin.held += 1;
        }
    }

    /// It is no longer.
    pub(super) fn released(&mut self, bucket: Bucket) {
        if let Some(pin) = self.buckets.get_mut(&bucket) {
            pin.held = pin.held.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kurrent::persistent::group::consumers::{Consumers, Sharing};

    fn owners(consumers: &mut Consumers) -> Vec<ConsumerId> {
        (0..BUCKETS)
            .map(|bucket| {
                let owner = consumers.give(Bucket(bucket)).unwrap();
                consumers.release(owner, Bucket(bucket));
                owner
            })
            .collect()
    }

    #[test]
    fn a_source_always_has_the_same_bucket() {
        assert_eq!(Bucket::of("account-1"), Bucket::of("account-1"));
        assert!((0..100).map(|n| Bucket::of(&format!("account-{n}"))).any(|b| b != Bucket::of("")));
    }

    #[test]
    fn shares_become_even_when_somebody_comes_or_goes_and_then_rest() {
        let mut consumers = Consumers::new(Sharing::Pinned);
        let first = consumers.join(1);
        assert!(owners(&mut consumers).iter().all(|owner| *owner == first));
        let second = consumers.join(1);
        let even = owners(&mut consumers);
        assert_eq!(even.iter().filter(|owner| **owner == second).count(), 512);
        assert_eq!(owners(&mut consumers), even);
        consumers.leave(first);
        assert!(owners(&mut consumers).iter().all(|owner| *owner == second));
    }

    #[test]
    fn a_bucket_in_use_stays_where_it_is() {
        let mut consumers = Consumers::new(Sharing::Pinned);
        let first = consumers.join(2000);
        for bucket in 0..BUCKETS {
            consumers.give(Bucket(bucket)).unwrap();
        }
        consumers.join(2000);
        assert_eq!(consumers.give(Bucket(5)), Some(first));
    }
}
