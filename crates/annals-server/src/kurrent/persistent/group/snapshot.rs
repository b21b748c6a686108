//! What can be told of a group at one moment.

use std::time::Instant;

use super::{ConsumerId, Group, Measured, Origin};

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

/// What can be told without measuring anything, however often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// Events of the source that were taken in and are not finished.
    pub(crate) unfinished: usize,
    /// The place after the last that was taken in.
    pub(crate) next: u64,
    /// Whether everything there was has been taken in, and there is room for more.
    pub(crate) waits: bool,
    /// The floor that was written last.
    pub(crate) saved: u64,
    /// Events that consumers have.
    pub(crate) held: usize,
}

impl<E: Clone> Group<E> {
    /// What can be told of this moment without changing what is told next.
    pub(crate) fn state(&self) -> State {
        State {
            unfinished: self.source.unfinished(),
            next: self.source.next(),
            waits: self.is_live && self.wants_fresh(),
            saved: self.saving.floor(),
            held: self.held.len(),
        }
    }

    /// The first event of the source that is not finished, if there is one.
    pub(crate) fn oldest(&self) -> Option<&E> {
        let held = self.held.values().map(|held| &held.message);
        let failed = self.to_park.iter().map(|failed| &failed.message);
        let all = self.fresh.iter().chain(&self.again).chain(held).chain(failed);
        let floor = Origin::Source(self.source.floor());
        all.filter(|message| message.origin == floor).map(|message| &message.event).next()
    }

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
