//! How the process managers of an application are doing.

use std::{fmt, sync::Arc};

use annals_core::{Backend, Clock, Error, Position, ReadAll, Result, StreamName, Timestamp};
use futures_lite::StreamExt;

use super::{Board, board::Follower};

/// The process managers of an application.
#[derive(Clone)]
pub struct Processes {
    pub(crate) boards: Arc<[Arc<Board>]>,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// How a process manager is doing in this program.
#[derive(Debug, Clone)]
pub struct ProcessStatus {
    /// Its name.
    pub name: &'static str,
    /// The last event it looked at.
    pub position: Option<Position>,
    /// The input at which it stands still, if it does.
    pub stands_at: Option<Position>,
    /// Why it stands still. `Unavailable` and `Timeout` are tried again after a while, anything
    /// else when it is told to ([`Processes::retry`]) or started anew.
    pub failure: Option<Error>,
    /// Commands that were sent and have no answer yet.
    pub open_commands: usize,
    /// Deadlines ahead.
    pub deadlines: usize,
    /// When the earliest of them passes.
    pub next_deadline: Option<Timestamp>,
    /// Instances whose next command cannot be executed. Others go on.
    pub stuck: Vec<Stuck>,
}

/// An instance whose next command, or deadline, was given up for now.
#[derive(Debug, Clone)]
pub struct Stuck {
    /// The stream of the instance.
    pub instance: StreamName,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed the last time.
    pub error: Error,
}

impl Processes {
    /// How each is doing, in the order of registration.
    #[must_use]
    pub fn status(&self) -> Vec<ProcessStatus> {
        self.boards.iter().map(|board| board.status()).collect()
    }

    /// Looks at the clock now. Only a clock that was moved by hand makes this necessary.
    pub fn check_deadlines(&self) {
        self.boards.iter().for_each(|board| board.tell());
    }

    /// Tries again now whatever stands still or was given up.
    pub fn retry(&self) {
        self.boards.iter().for_each(|board| board.retry());
    }

    /// Waits until nothing is left to do now: every input was taken in, every command answered,
    /// every deadline that has passed written. What others do at the same time may add to it. While
    /// another program has the lease of one of them, this waits until it is given up.
    ///
    /// # Errors
    /// Why one of them stands still, when it needs to be told to go on.
    pub async fn settled(&self) -> Result<()> {
        self.check_deadlines();
        loop {
            let head = self.backend.head().await?;
            for board in &*self.boards {
                self.wait_for(board).await?;
            }
            // One may have made work for another.
            if self.backend.head().await? == head {
                return Ok(());
            }
        }
    }

    async fn wait_for(&self, board: &Board) -> Result<()> {
        loop {
            let changed = board.changed.listen();
            if self.is_settled(board).await? {
                return Ok(());
            }
            changed.await;
        }
    }

    async fn is_settled(&self, board: &Board) -> Result<bool> {
        let state = board.state();
        let given_up = [&state.inbox.failure, &state.outbox.failure].into_iter().flatten();
        let stuck = state.stuck.values().map(|stuck| &stuck.error);
        let told = |error: &&Error| error.retry() != annals_core::Retry::Later;
        if let Some(error) = given_up.filter(told).chain(stuck).next() {
            return Err(error.clone());
        }
        let is_due = state.next_due.is_some_and(|due| due <= self.clock.now());
        Ok(state.commands == 0
            && state.busy == 0
            && !is_due
            && self.has_seen_all(&state.inbox).await?
            && self.has_seen_all(&state.outbox).await?)
    }

    async fn has_seen_all(&self, follower: &Follower) -> Result<bool> {
        let Some(query) = follower.query.clone() else { return Ok(false) };
        let mut read = ReadAll::new(query).limit(1);
        read.from = follower.seen.map(Position::next);
        Ok(self.backend.read(read.into()).try_next().await?.is_none())
    }
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.boards.iter().map(|board| board.name)).finish()
    }
}
