//! Where the two threads of a process manager say how they are doing, and are told things.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use annals_core::{Error, Position, Query, Retry, StreamName, Timestamp};
use event_listener::{Event, EventListener};
use parking_lot::Mutex;

use super::{
    ledger::{Failure, Ledger},
    status::{ProcessStatus, Stuck},
};

/// How often to try what does not look like passing trouble.
pub(super) const ATTEMPTS_MAX: u32 = 5;
/// Instances given up on; with more, no further command is executed.
pub(super) const STUCK_MAX: usize = 1_000;

const DELAY_FIRST: Duration = Duration::from_millis(10);
const DELAY_MAX: Duration = Duration::from_secs(30);

/// How long to wait before an attempt after this many.
pub(super) fn delay(attempts: u32) -> Duration {
    DELAY_FIRST.saturating_mul(1 << attempts.min(16)).min(DELAY_MAX)
}

/// The state of one process manager in this program.
#[derive(Debug)]
pub(crate) struct Board {
    pub(super) name: &'static str,
    state: Mutex<State>,
    /// Something here changed.
    pub(super) changed: Event,
    told: Event,
    /// How often somebody asked to try again what was given up.
    retries: AtomicU64,
}

/// What is known of it.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) inbox: Follower,
    pub(super) outbox: Follower,
    pub(super) commands: usize,
    pub(super) deadlines: usize,
    pub(super) busy: usize,
    pub(super) next_due: Option<Timestamp>,
    pub(super) stuck: BTreeMap<StreamName, Stuck>,
}

/// How far one of the threads is.
#[derive(Debug, Clone, Default)]
pub(super) struct Follower {
    /// What it follows, once it does.
    pub(super) query: Option<Query>,
    pub(super) seen: Option<Position>,
    /// Where it stands still.
    pub(super) stands_at: Option<Position>,
    pub(super) failure: Option<Error>,
    failures: u32,
}

impl Follower {
    fn begins(&mut self, query: Query, seen: Option<Position>) {
        (self.query, self.seen) = (Some(query), seen);
    }

    fn saw(&mut self, position: Option<Position>) {
        self.seen = self.seen.max(position);
        (self.stands_at, self.failure, self.failures) = (None, None, 0);
    }

    /// Gives the time to try again; `None`: when told to.
    fn failed(&mut self, error: &Error) -> Option<Instant> {
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(error.clone());
        (error.retry() == Retry::Later).then(|| Instant::now() + delay(self.failures))
    }
}

impl Board {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            state: Mutex::default(),
            changed: Event::new(),
            told: Event::new(),
            retries: AtomicU64::new(0),
        }
    }

    pub(super) fn state(&self) -> State {
        self.state.lock().clone()
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state.lock());
        self.changed.notify(usize::MAX);
        changed
    }

    /// Wakes whoever waits for [`told`](Self::told).
    pub(super) fn tell(&self) {
        self.told.notify(usize::MAX);
    }

    /// Asks to try again what was given up.
    pub(super) fn retry(&self) {
        self.retries.fetch_add(1, Ordering::SeqCst);
        self.tell();
    }

    pub(super) fn told(&self) -> EventListener {
        self.told.listen()
    }

    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::SeqCst)
    }

    pub(super) fn inbox_begins(&self, query: Query, seen: Option<Position>) {
        self.change(|state| state.inbox.begins(query, seen));
    }

    pub(super) fn inbox_saw(&self, position: Option<Position>) {
        self.change(|state| state.inbox.saw(position));
    }

    pub(super) fn inbox_stands_at(&self, position: Position) {
        self.change(|state| state.inbox.stands_at = Some(position));
    }

    pub(super) fn inbox_failed(&self, error: &Error) -> Option<Instant> {
        tracing::warn!(process = self.name, %error, "the inbox of a process manager stands still");
        self.change(|state| state.inbox.failed(error))
    }

    /// The outbox does not know yet what there is to do.
    pub(super) fn outbox_begins(&self) {
        self.change(|state| {
            state.outbox.query = None;
            state.stuck.clear();
        });
    }

    pub(super) fn outbox_failed(&self, error: &Error) -> Option<Instant> {
        tracing::warn!(process = self.name, %error, "the outbox of a process manager stands still");
        self.change(|state| state.outbox.failed(error))
    }

    /// What the outbox has to do, once it knows, and how much of that it is doing. All at once:
    /// how far it is means nothing without the rest.
    pub(super) fn outbox_has(&self, query: &Query, ledger: &Ledger, busy: usize) {
        self.change(|state| {
            state.outbox.query.get_or_insert_with(|| query.clone());
            state.outbox.saw(ledger.position);
            state.commands = ledger.commands();
            state.deadlines = ledger.deadlines();
            state.next_due = ledger.next_due();
            state.busy = busy;
        });
    }

    pub(super) fn stuck(&self, stream: &StreamName, failure: &Failure) {
        let Failure { attempts, error, .. } = failure;
        tracing::warn!(process = self.name, %stream, attempts, %error, "gave up for now");
        let stuck = Stuck { instance: stream.clone(), attempts: *attempts, error: error.clone() };
        self.change(|state| state.stuck.insert(stream.clone(), stuck));
    }

    pub(super) fn is_full(&self) -> bool {
        self.state.lock().stuck.len() >= STUCK_MAX
    }

    pub(super) fn forgive(&self) {
        self.change(|state| state.stuck.clear());
    }

    pub(super) fn status(&self) -> ProcessStatus {
        let state = self.state();
        ProcessStatus {
            name: self.name,
            position: state.inbox.seen,
            stands_at: state.inbox.stands_at,
            failure: state.inbox.failure.or(state.outbox.failure),
            open_commands: state.commands,
            deadlines: state.deadlines,
            next_deadline: state.next_due,
            stuck: state.stuck.into_values().collect(),
        }
    }
}
