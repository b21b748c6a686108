//! One group as a state machine: no task, no store, and the time is handed in.
//!
//! What must stay true:
//!
//! * Every event that was taken in is finished, or it is in exactly one place: waiting, waiting to
//!   be tried again, with one consumer, or on its way to the parked stream.
//! * The floor, and with it what is written as checkpoint, never passes an event that is not
//!   finished.
//! * What is tried again goes out before what is new.
//! * Nothing grows beyond the buffers of the group and the slots of its consumers.

mod consumers;
mod message;
mod pinned;
mod progress;
mod rate;
mod saving;
mod snapshot;
#[cfg(test)]
mod tests;
mod writing;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::{Duration, Instant},
};

use annals_core::EventId;

use self::{
    consumers::Consumers,
    progress::Progress,
    rate::{Latencies, Rate},
    saving::Saving,
};
pub(crate) use self::{
    consumers::{ConsumerId, Sharing},
    message::{Failed, Message, Origin, Refusal, Sent},
    pinned::Bucket,
    rate::Measured,
    saving::SaveRule,
    snapshot::{ConsumerNumbers, Numbers},
    writing::Moment,
};

/// How a group behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) sharing: Sharing,
    /// How long a consumer may hold an event; `None`: for ever.
    pub(crate) timeout: Option<Duration>,
    /// After how many retries an event is parked.
    pub(crate) retries_max: u32,
    /// `None`: any number.
    pub(crate) consumers_max: Option<usize>,
    /// How many new events may wait while the group catches up, and when it has.
    pub(crate) waiting_max: usize,
    pub(crate) waiting_live_max: usize,
    /// How many parked events are read ahead of the consumers when they are tried again.
    pub(crate) replay_max: usize,
    pub(crate) save: SaveRule,
    pub(crate) measures_latency: bool,
}

/// Where a group begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begin {
    /// The first place of what it follows that is not finished.
    pub(crate) source: u64,
    /// The first version of its parked stream that is still there.
    pub(crate) parked: u64,
}

/// A group and everything it has taken in.
#[derive(Debug)]
pub(crate) struct Group<E> {
    rules: Rules,
    consumers: Consumers,
    /// By consumer, in the order in which they came.
    statistics: BTreeMap<ConsumerId, (Rate, Latencies)>,
    rate: Rate,
    is_live: bool,
    fresh: VecDeque<Message<E>>,
    again: VecDeque<Message<E>>,
    held: HashMap<EventId, Held<E>>,
    deadlines: BTreeSet<(Instant, EventId)>,
    to_park: VecDeque<Failed<E>>,
    source: Progress,
    saving: Saving,
    parked: Progress,
    truncating: Saving,
}

/// A message that a consumer has.
#[derive(Debug)]
struct Held<E> {
    by: ConsumerId,
    since: Instant,
    deadline: Option<Instant>,
    message: Message<E>,
}

/// Why a consumer may not join: there are as many as there may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The parked stream is cut off soon, so that people see there what is still to be done.
const TRUNCATE: SaveRule =
    SaveRule { after: Some(Duration::from_secs(1)), events_min: 1, events_max: 1_000 };

const TOO_OFTEN: &str = "the event was tried as often as the subscription allows";

impl<E: Clone> Group<E> {
    pub(crate) fn new(rules: Rules, begin: Begin, now: Instant) -> Self {
        Self {
            rules,
            consumers: Consumers::new(rules.sharing),
            statistics: BTreeMap::new(),
            rate: Rate::new(now),
            is_live: false,
            fresh: VecDeque::new(),
            again: VecDeque::new(),
            held: HashMap::new(),
            deadlines: BTreeSet::new(),
            to_park: VecDeque::new(),
            source: Progress::at(begin.source),
            saving: Saving::new(rules.save, begin.source, now),
            parked: Progress::at(begin.parked),
            truncating: Saving::new(TRUNCATE, begin.parked, now),
        }
    }

    /// Whether there is room for new events.
    pub(crate) fn wants_fresh(&self) -> bool {
        let max = if self.is_live { self.rules.waiting_live_max } else { self.rules.waiting_max };
        self.fresh.len() < max && self.to_park.len() < max
    }

    /// Whether there is room for parked events.
    pub(crate) fn wants_parked(&self) -> bool {
        let max = self.rules.replay_max;
        self.again.len() < max && self.to_park.len() < max
    }

    /// Whether all that there was has been taken in.
    pub(crate) const fn set_live(&mut self, is_live: bool) {
        self.is_live = is_live;
    }

    /// Takes in the next event.
    pub(crate) fn take(&mut self, message: Message<E>) {
        match message.origin {
            Origin::Source(place) => {
                self.source.take(place);
                self.fresh.push_back(message);
            }
            Origin::Parked(version) => {
                self.parked.take(version);
                self.again.push_back(message);
            }
        }
    }

    /// Up to this place, included, nothing more is for the consumers.
    pub(crate) fn pass(&mut self, origin: Origin) {
        match origin {
            Origin::Source(place) => self.saving.count(self.source.pass(place)),
            Origin::Parked(version) => self.truncating.count(self.parked.pass(version)),
        }
    }

    /// A consumer comes, for so many events at once.
    ///
    /// # Errors
    /// When there are as many as there may be.
    pub(crate) fn join(&mut self, slots: usize, now: Instant) -> Result<ConsumerId, Full> {
        if self.rules.consumers_max.is_some_and(|max| self.consumers.len() >= max) {
            return Err(Full);
        }
        let id = self.consumers.join(slots);
        self.statistics.insert(id, (Rate::new(now), Latencies::default()));
        Ok(id)
    }

    /// A consumer is gone; what it held goes to others, oldest first. That counts as a try, but
    /// does not park an event.
    pub(crate) fn leave(&mut self, consumer: ConsumerId) {
        let ids = self.held.iter().filter(|(_, held)| held.by == consumer).map(|(id, _)| *id);
        let ids: Vec<_> = ids.collect();
        let held = ids.into_iter().filter_map(|id| self.release(consumer, id));
        let mut lost: Vec<_> = held.map(|held| held.message).collect();
        lost.sort_unstable_by_key(|message| message.origin);
        for mut message in lost {
            message.retries = message.retries.saturating_add(1);
            self.again.push_back(message);
        }
        self.consumers.leave(consumer);
        self.statistics.remove(&consumer);
    }

    /// Gives out what can be given out.
    pub(crate) fn dispatch(&mut self, now: Instant) -> Vec<Sent<E>> {
        let mut sent = Vec::new();
        let mut again = std::mem::take(&mut self.again);
        self.dispatch_from(&mut again, now, &mut sent);
        self.again = again;
        let mut fresh = std::mem::take(&mut self.fresh);
        self.dispatch_from(&mut fresh, now, &mut sent);
        self.fresh = fresh;
        sent
    }

    /// An event whose consumer has no room is passed over; those behind it may go to others.
    fn dispatch_from(
        &mut self,
        queue: &mut VecDeque<Message<E>>,
        now: Instant,
        sent: &mut Vec<Sent<E>>,
    ) {
        let mut at = 0;
        while self.consumers.have_room() {
            let Some(message) = queue.get(at) else { return };
            // Two events may have one id; the second waits, so that an answer means one of them.
            if self.held.contains_key(&message.id) {
                at += 1;
                continue;
            }
            let Some(to) = self.consumers.give(message.bucket) else {
                at += 1;
                continue;
            };
            let Some(message) = queue.remove(at) else { return };
            sent.push(Sent { to, retries: message.retries, event: message.event.clone() });
            self.hold(to, message, now);
        }
    }

    fn hold(&mut self, by: ConsumerId, message: Message<E>, now: Instant) {
        self.rate.count();
        if let Some((rate, _)) = self.statistics.get_mut(&by) {
            rate.count();
        }
        let deadline = self.rules.timeout.map(|timeout| now + timeout);
        self.deadlines.extend(deadline.map(|deadline| (deadline, message.id)));
        self.held.insert(message.id, Held { by, since: now, deadline, message });
    }

    /// A consumer has finished an event. Anything else than an event that it holds is ignored: it
    /// was too late.
    pub(crate) fn ack(&mut self, consumer: ConsumerId, id: EventId, now: Instant) {
        let Some(held) = self.release(consumer, id) else { return };
        if self.rules.measures_latency
            && let Some((_, latencies)) = self.statistics.get_mut(&consumer)
        {
            latencies.add(now.duration_since(held.since));
        }
        self.finish(held.message.origin);
    }

    /// A consumer has not finished an event.
    pub(crate) fn refuse(&mut self, consumer: ConsumerId, id: EventId, refusal: Refusal) {
        let Some(held) = self.release(consumer, id) else { return };
        match refusal {
            Refusal::Retry => self.try_again(held.message),
            Refusal::Park(reason) => {
                self.to_park.push_back(Failed { message: held.message, reason });
            }
            Refusal::Skip => self.finish(held.message.origin),
        }
    }

    /// Takes back what was held for too long.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some((deadline, id)) = self.deadlines.first().copied() {
            if deadline > now {
                return;
            }
            let by = self.held.get(&id).map(|held| held.by);
            match by.and_then(|by| self.release(by, id)) {
                Some(held) => self.try_again(held.message),
                None => {
                    self.deadlines.pop_first();
                }
            }
        }
    }

    fn release(&mut self, consumer: ConsumerId, id: EventId) -> Option<Held<E>> {
        self.held.get(&id).filter(|held| held.by == consumer)?;
        let held = self.held.remove(&id)?;
        if let Some(deadline) = held.deadline {
            self.deadlines.remove(&(deadline, id));
        }
        self.consumers.release(consumer, held.message.bucket);
        Some(held)
    }

    fn try_again(&mut self, mut message: Message<E>) {
        if message.retries >= self.rules.retries_max {
            self.to_park.push_back(Failed { message, reason: TOO_OFTEN.to_owned() });
        } else {
            message.retries += 1;
            self.again.push_back(message);
        }
    }

    fn finish(&mut self, origin: Origin) {
        match origin {
            Origin::Source(place) => {
                self.source.finish(place);
                self.saving.count(1);
            }
            Origin::Parked(version) => {
                self.parked.finish(version);
                self.truncating.count(1);
            }
        }
    }

    /// Whether something has to be parked.
    pub(crate) fn has_to_park(&self) -> bool {
        !self.to_park.is_empty()
    }

    /// What has to be parked, at most so many. Each comes back as parked or not parked.
    pub(crate) fn park(&mut self, max: usize) -> Vec<Failed<E>> {
        self.to_park.drain(..max.min(self.to_park.len())).collect()
    }

    /// These are in the parked stream.
    pub(crate) fn parked(&mut self, origins: impl IntoIterator<Item = Origin>) {
        origins.into_iter().for_each(|origin| self.finish(origin));
    }

    /// These could not be parked.
    pub(crate) fn not_parked(&mut self, failed: Vec<Failed<E>>) {
        failed.into_iter().rev().for_each(|failed| self.to_park.push_front(failed));
    }

    /// When the next event will have been held for too long.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// The place after the last that was taken in or passed.
    pub(crate) const fn next_place(&self) -> u64 {
        self.source.next()
    }
}
