//! What is still to be done for all instances of a process manager: commands without an answer,
//! deadlines ahead.
//!
//! It follows from the streams alone. It holds references, not payloads: a few hundred bytes for
//! each instance with something open, and nothing for the others.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Instant,
};

use annals_core::{Error, Position, RecordedEvent, Result, Retry, StreamName, Timestamp};

use super::{
    board::{ATTEMPTS_MAX, delay},
    home::{ANSWERED, REACTED, deadline_of},
    records::{self, Answered, Open, Reacted, Ticket},
};

/// Everything that is open, and in which order to do it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The last event taken in.
    pub(super) position: Option<Position>,
    entries: HashMap<StreamName, Entry>,
    /// Deadlines ahead.
    due: BTreeSet<(Timestamp, StreamName, Ticket)>,
    /// Instances that may have something to do now.
    ready: VecDeque<StreamName>,
    /// Instances to look at again then.
    later: BTreeSet<(Instant, StreamName)>,
    commands: usize,
}

/// One instance with something open.
#[derive(Debug, Default)]
struct Entry {
    open: Open,
    /// The last event of the instance that was taken in.
    position: Position,
    /// Deadlines that have passed and are not written yet.
    passed: Vec<Ticket>,
    /// Whether something is being done for it: one thing at a time, in order.
    is_busy: bool,
    is_queued: bool,
    /// A command that was answered, though the answer was not taken in yet.
    answered: Option<Ticket>,
    sending: Option<Failure>,
    firing: Option<Failure>,
}

/// Why something could not be done.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) attempts: u32,
    pub(super) error: Error,
    /// When to try again; `None`: when told to.
    again: Option<Instant>,
}

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Execute a command and write its answer.
    Send(Ticket),
    /// Write the event of a deadline.
    Fire(Ticket),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// It is in the stream, or is not wanted any more.
    Settled,
    /// The instance is not there any more.
    Gone,
}

impl Ledger {
    /// A ledger as it was at a position.
    pub(super) fn restored(
        position: Position,
        entries: impl IntoIterator<Item = (StreamName, Position, Open)>,
    ) -> Self {
        let mut ledger = Self { position: Some(position), ..Self::default() };
        for (stream, position, open) in entries {
            ledger.put(&stream, position, |known| *known = open);
        }
        ledger
    }

    /// Every instance with something open.
    pub(super) fn open(&self) -> impl Iterator<Item = (&StreamName, Position, &Open)> {
        let open = self.entries.iter().filter(|(_, entry)| !entry.open.is_empty());
        open.map(|(stream, entry)| (stream, entry.position, &entry.open))
    }

    /// Takes in the next event of the category.
    pub(super) fn take(&mut self, record: &RecordedEvent) -> Result<()> {
        let (stream, position) = (&record.stream, record.position);
        match record.event_type.as_str() {
            REACTED => {
                let Reacted { open, .. } = records::read(record)?;
                self.put(stream, position, |known| *known = open);
            }
            ANSWERED => {
                let Answered { ticket, .. } = records::read(record)?;
                self.put(stream, position, |open| open.answered(ticket));
            }
            _ => {
                if let Some(ticket) = deadline_of(record) {
                    self.put(stream, position, |open| open.passed(ticket));
                }
            }
        }
        self.position = Some(position);
        Ok(())
    }

    /// Changes what is open for an instance.
    fn put(&mut self, stream: &StreamName, position: Position, change: impl FnOnce(&mut Open)) {
        let entry = self.entries.entry(stream.clone()).or_default();
        for (time, ticket) in entry.open.ahead() {
            self.due.remove(&(time, stream.clone(), ticket));
        }
        self.commands -= entry.open.commands.len();
        change(&mut entry.open);
        entry.position = position;
        self.commands += entry.open.commands.len();
        let Entry { open, passed, .. } = entry;
        passed.retain(|ticket| open.is_ahead(*ticket));
        let ahead = open.ahead().filter(|(_, ticket)| !passed.contains(ticket));
        self.due.extend(ahead.map(|(time, ticket)| (time, stream.clone(), ticket)));
        self.queue(stream);
        self.tidy(stream);
    }

    /// The next thing to do, and the position up to which its instance was looked at.
    pub(super) fn next(
        &mut self,
        now: Timestamp,
        instant: Instant,
    ) -> Option<(StreamName, Work, Position)> {
        while let Some((_, stream, ticket)) = pop_if(&mut self.due, |(time, ..)| *time <= now) {
            if let Some(entry) = self.entries.get_mut(&stream) {
                entry.passed.push(ticket);
            }
            self.queue(&stream);
        }
        while let Some((_, stream)) = pop_if(&mut self.later, |(time, _)| *time <= instant) {
            self.queue(&stream);
        }
        while let Some(stream) = self.ready.pop_front() {
            let Some(entry) = self.entries.get_mut(&stream) else { continue };
            entry.is_queued = false;
            if let Some(work) = entry.work(instant) {
                entry.is_busy = true;
                return Some((stream, work, entry.position));
            }
        }
        None
    }

    /// Takes in what came of something. Gives the failure when there is one.
    pub(super) fn landed(
        &mut self,
        stream: &StreamName,
        work: Work,
        result: Result<Done>,
        instant: Instant,
    ) -> Option<Failure> {
        let entry = self.entries.get_mut(stream)?;
        entry.is_busy = false;
        let mut failure = None;
        match result {
            Ok(Done::Settled) => entry.settled(work),
            Ok(Done::Gone) => self.put(stream, Position::FIRST, |open| *open = Open::default()),
            Err(error) => {
                let failed = entry.failed(work, error, instant);
                if let Some(again) = failed.again {
                    self.later.insert((again, stream.clone()));
                }
                failure = Some(failed);
            }
        }
        self.queue(stream);
        self.tidy(stream);
        failure
    }

    /// Tries again what had been given up.
    pub(super) fn forgive(&mut self) {
        let failed = self.entries.iter_mut().filter(|(_, entry)| entry.has_failed());
        let streams: Vec<_> = failed
            .map(|(stream, entry)| {
                (entry.sending, entry.firing) = (None, None);
                stream.clone()
            })
            .collect();
        streams.iter().for_each(|stream| self.queue(stream));
    }

    fn queue(&mut self, stream: &StreamName) {
        if let Some(entry) = self.entries.get_mut(stream)
            && !entry.is_queued
        {
            entry.is_queued = true;
            self.ready.push_back(stream.clone());
        }
    }

    /// Forgets an instance with nothing open.
    fn tidy(&mut self, stream: &StreamName) {
        let is_over = |entry: &Entry| entry.open.is_empty() && !entry.is_busy;
        if self.entries.get(stream).is_some_and(is_over) {
            self.entries.remove(stream);
        }
    }

    /// When the earliest deadline passes.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(time, ..)| *time)
    }

    /// When to try something again.
    pub(super) fn next_again(&self) -> Option<Instant> {
        self.later.first().map(|(time, _)| *time)
    }

    pub(super) const fn commands(&self) -> usize {
        self.commands
    }

    /// Deadlines whose time has not come.
    pub(super) fn deadlines(&self) -> usize {
        self.due.len()
    }
}

impl Entry {
    /// What to do for it now. A command that fails does not keep deadlines from passing.
    fn work(&self, instant: Instant) -> Option<Work> {
        if self.is_busy {
            return None;
        }
        let may = |failure: &Option<Failure>| {
            failure.as_ref().is_none_or(|failure| failure.again.is_some_and(|at| at <= instant))
        };
        let fire =
            self.passed.first().filter(|_| may(&self.firing)).map(|ticket| Work::Fire(*ticket));
        fire.or_else(|| {
            let first = self.open.commands.first().filter(|first| self.answered != Some(**first));
            first.filter(|_| may(&self.sending)).map(|ticket| Work::Send(*ticket))
        })
    }

    fn settled(&mut self, work: Work) {
        match work {
            Work::Send(ticket) => (self.answered, self.sending) = (Some(ticket), None),
            Work::Fire(ticket) => {
                self.passed.retain(|passed| *passed != ticket);
                self.open.passed(ticket);
                self.firing = None;
            }
        }
    }

    fn failed(&mut self, work: Work, error: Error, instant: Instant) -> Failure {
        let slot = match work {
            Work::Send(_) => &mut self.sending,
            Work::Fire(_) => &mut self.firing,
        };
        let attempts = slot.as_ref().map_or(1, |failure| failure.attempts.saturating_add(1));
        let is_worth_it = match error.retry() {
            Retry::Later | Retry::AfterReload => true,
            _ => attempts < ATTEMPTS_MAX,
        };
        let again = is_worth_it.then(|| instant + delay(attempts));
        slot.insert(Failure { attempts, error, again }).clone()
    }

    const fn has_failed(&self) -> bool {
        self.sending.is_some() || self.firing.is_some()
    }
}

fn pop_if<T: Ord>(set: &mut BTreeSet<T>, is_wanted: impl FnOnce(&T) -> bool) -> Option<T> {
    if set.first().is_some_and(is_wanted) { set.pop_first() } else { None }
}

impl Failure {
    /// Whether it is not tried again unless told to.
    pub(super) const fn is_final(&self) -> bool {
        self.again.is_none()
    }
}
