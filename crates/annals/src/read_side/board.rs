//! What a running projection says about itself in this process, and what it is told.

use std::collections::BTreeMap;

use annals_core::Error;
use event_listener::{Event, EventListener};
use parking_lot::Mutex;

/// What is known about a projection that is registered in this process. Every change wakes those
/// who listen.
#[derive(Debug, Default)]
pub(super) struct Board {
    notes: Mutex<Notes>,
    changed: Event,
}

#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) phase: Phase,
    /// Why it does not begin, or what it met last.
    pub(super) trouble: Option<Error>,
    /// Partitions that do not go on, by generation and number.
    pub(super) paused: BTreeMap<(u32, u32), Error>,
    /// How many times an event or a transaction failed.
    pub(super) errors: u64,
    /// Counts the times somebody said to resume.
    pub(super) resumed: u64,
    /// A partition found out that somebody else is at work.
    pub(super) lost: Option<Error>,
    /// The models have changed: one to be built, or one that has taken over.
    pub(super) is_restless: bool,
}

/// What the projection is doing in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    /// Not begun.
    #[default]
    Starting,
    /// Waiting while another process runs it.
    Standby,
    /// Running.
    Running,
    /// It cannot begin, and waits to be told to try again.
    Refused,
    /// Over.
    Stopped,
}

impl Board {
    pub(super) fn listen(&self) -> EventListener {
        self.changed.listen()
    }

    /// Looks without waking anybody.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Notes) -> T) -> T {
        look(&self.notes.lock())
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Notes) -> T) -> T {
        let changed = change(&mut self.notes.lock());
        self.changed.notify(usize::MAX);
        changed
    }

    /// A transaction was committed.
    pub(super) fn moved(&self) {
        self.changed.notify(usize::MAX);
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.change(|notes| notes.phase = phase);
    }

    /// What stands still is to go on. From here on it counts as going, though its thread has yet
    /// to wake up.
    pub(super) fn resume(&self) {
        self.change(|notes| {
            notes.resumed += 1;
            notes.paused.clear();
            if notes.phase == Phase::Refused {
                notes.phase = Phase::Starting;
            }
        });
    }

    /// Something failed and will be tried again.
    pub(super) fn failed(&self, error: &Error) {
        self.change(|notes| {
            notes.errors += 1;
            notes.trouble = Some(error.clone());
        });
    }

    /// Waits until a change makes `is_so` true.
    pub(super) async fn wait(&self, is_so: impl Fn(&Notes) -> bool) {
        loop {
            let listener = self.listen();
            if self.look(&is_so) {
                return;
            }
            listener.await;
        }
    }
}
