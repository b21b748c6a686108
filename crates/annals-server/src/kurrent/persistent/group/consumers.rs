//! Who gets the next event: the consumers of a group, their free slots, and the four strategies.

use super::pinned::{Bucket, Pins};

/// Names a consumer within its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConsumerId(u64);

/// How events are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// To each consumer with a free slot in turn.
    RoundRobin,
    /// To one as long as it has free slots.
    OneAfterAnother,
    /// Events of one bucket to the same consumer.
    Pinned,
}

/// The consumers, in the order in which they came.
#[derive(Debug)]
pub(super) struct Consumers {
    sharing: Sharing,
    all: Vec<Consumer>,
    turn: usize,
    pins: Pins,
    joined: u64,
    free: usize,
}

#[derive(Debug)]
struct Consumer {
    id: ConsumerId,
    slots: usize,
    held: usize,
}

impl Consumer {
    const fn has_room(&self) -> bool {
        self.held < self.slots
    }
}

impl Consumers {
    pub(super) fn new(sharing: Sharing) -> Self {
        Self { sharing, all: Vec::new(), turn: 0, pins: Pins::default(), joined: 0, free: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether anybody has a free slot.
    pub(super) const fn have_room(&self) -> bool {
        self.free > 0
    }

    pub(super) fn join(&mut self, slots: usize) -> ConsumerId {
        self.joined += 1;
        let id = ConsumerId(self.joined);
        self.all.push(Consumer { id, slots, held: 0 });
        self.free += slots;
        self.pins.join(id);
        id
    }

    /// A consumer is gone; what it held was given back before.
    pub(super) fn leave(&mut self, id: ConsumerId) {
        let Some(at) = self.all.iter().position(|consumer| consumer.id == id) else { return };
        let gone = self.all.remove(at);
        self.free -= gone.slots - gone.held;
        if self.turn > at {
            self.turn -= 1;
        }
        self.pins.leave(id);
    }

    /// Gives an event of a bucket to somebody; `None` when who should get it has no room.
    pub(super) fn give(&mut self, bucket: Bucket) -> Option<ConsumerId> {
        let at = match self.sharing {
            Sharing::RoundRobin => {
                let at = self.next_with_room()?;
                self.turn = at + 1;
                at
            }
            Sharing::OneAfterAnother => {
                let at = self.next_with_room()?;
                self.turn = at;
                at
            }
            Sharing::Pinned => {
                let owner = self.pins.owner(bucket)?;
                self.all.iter().position(|consumer| consumer.id == owner)?
            }
        };
        let consumer = self.all.get_mut(at).filter(|consumer| consumer.has_room())?;
        consumer.held += 1;
        self.free -= 1;
        self.pins.given(bucket);
        Some(consumer.id)
    }

    /// A consumer has one event less.
    pub(super) fn release(&mut self, id: ConsumerId, bucket: Bucket) {
        if let Some(consumer) = self.all.iter_mut().find(|consumer| consumer.id == id) {
            consumer.held -= 1;
            self.free += 1;
            self.pins.released(bucket);
        }
    }

    /// How many slots a consumer has, and how many events it holds.
    pub(super) fn load(&self, id: ConsumerId) -> Option<(usize, usize)> {
        let consumer = self.all.iter().find(|consumer| consumer.id == id)?;
        Some((consumer.slots, consumer.held))
    }

    fn next_with_room(&self) -> Option<usize> {
        let count = self.all.len();
        let from = |offset: usize| (self.turn + offset) % count;
        (0..count).map(from).find(|at| self.all.get(*at).is_some_and(Consumer::has_room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(consumers: &mut Consumers, buckets: &[u16]) -> Vec<Option<u64>> {
        let give = |bucket: &u16| consumers.give(Bucket::new(*bucket)).map(|id| id.0);
        buckets.iter().map(give).collect()
    }

    #[test]
    fn round_robin_takes_turns_and_leaves_out_who_is_full() {
        let mut consumers = Consumers::new(Sharing::RoundRobin);
        let first = consumers.join(1);
        consumers.join(2);
        assert_eq!(given(&mut consumers, &[0; 4]), [Some(1), Some(2), Some(2), None]);
        consumers.release(first, Bucket::new(0));
        assert!(consumers.have_room());
        assert_eq!(given(&mut consumers, &[0]), [Some(1)]);
        assert!(!consumers.have_room());
    }

    #[test]
    fn one_after_another_stays_with_one_until_it_is_full_or_gone() {
        let mut consumers = Consumers::new(Sharing::OneAfterAnother);
        consumers.join(3);
        let second = consumers.join(9);
        assert_eq!(given(&mut consumers, &[0; 5]), [1, 1, 1, 2, 2].map(Some));
        consumers.release(ConsumerId(1), Bucket::new(0));
        assert_eq!(given(&mut consumers, &[0]), [Some(2)], "it stays with the new one");
        for _ in 0..3 {
            consumers.release(second, Bucket::new(0));
        }
        consumers.leave(second);
        assert_eq!(given(&mut consumers, &[0, 0]), [Some(1), None]);
    }

    #[test]
    fn pinned_events_wait_for_their_consumer() {
        let mut consumers = Consumers::new(Sharing::Pinned);
        consumers.join(1);
        consumers.join(1);
        let first = given(&mut consumers, &[7])[0];
        let second = given(&mut consumers, &[8])[0];
        assert_ne!(first, second, "buckets are spread");
        assert_eq!(given(&mut consumers, &[7]), [None]);
        consumers.release(ConsumerId(first.unwrap()), Bucket::new(7));
        assert_eq!(given(&mut consumers, &[7]), [first]);
    }

    #[test]
    fn nobody_is_given_anything_by_nobody() {
        for sharing in [Sharing::RoundRobin, Sharing::OneAfterAnother, Sharing::Pinned] {
            assert_eq!(given(&mut Consumers::new(sharing), &[3]), [None], "{sharing:?}");
        }
    }
}
