//! What can be told of a group at one moment.

use std::time::Instant;

use super::{ConsumerId, Group, Measured};

/// A group in numbers.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    pub(crate) sent: Measured,
    pub(crate) is_live: bool,
    pub(crate) wants_fresh: bool,
    /// New events that wait.
    pub(crate) fresh: usize,
    /// Events that wait to be tried again.
    pub(crate) again: usize,
    /// Events that consumers have.
    pub(crate) held: usize,
    /// The floor that was written last.
    pub(crate) saved: u64,
    /// The place after the last that was taken in.
    pub(crate) next: u64,
    pub(crate) consumers: Vec<ConsumerNumbers>,
}

/// A consumer in numbers.
#[derive(Debug, Clone)]
pub(crate) struct ConsumerNumbers {
    pub(crate) id: ConsumerId,
    pub(crate) sent: Measured,
    pub(crate) free: usize,
    pub(crate) held: usize,
    /// Milliseconds by name.
    pub(crate) latencies: Vec<(&'static str, u64)>,
}

impl<E: Clone> Group<E> {
    /// The numbers of this moment.
    pub(crate) fn numbers(&mut self, now: Instant) -> Numbers {
        let consumers = &self.consumers;
        let each = self.statistics.iter_mut().map(|(id, (rate, latencies))| {
            let (slots, held) = consumers.load(*id).unwrap_or_default();
            ConsumerNumbers {
                id: *id,
                sent: rate.measure(now),
                free: slots - held,
                held,
                latencies: latencies.measure(),
            }
        });
        Numbers {
            consumers: each.collect(),
            sent: self.rate.measure(now),
            is_live: self.is_live,
            wants_fresh: self.wants_fresh(),
            fresh: self.fresh.len(),
            again: self.again.len(),
            held: self.held.len(),
            saved: self.saving.floor(),
            next: self.source.next(),
        }
    }
}
