//! What a group is asked to do.

use annals_core::EventId;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use std::sync::Arc;

use super::{
    consumer::{Joined, Who},
    error::Refused,
    group::{ConsumerId, Numbers, Refusal},
    settings::Definition,
    watch::Progress,
};

/// One thing to do.
#[derive(Debug)]
pub(super) enum Command {
    Join {
        slots: usize,
        who: Who,
        answer: Answer<Result<Joined, Refused>>,
    },
    Ack {
        consumer: ConsumerId,
        ids: Vec<EventId>,
    },
    Refuse {
        consumer: ConsumerId,
        ids: Vec<EventId>,
        refusal: Refusal,
    },
    /// The consumer is gone, or is to go with this word.
    Leave {
        consumer: ConsumerId,
        word: Option<Status>,
    },
    Tell(Answer<Told>),
    Watch(Answer<Progress>),
    Replay {
        stop_at: Option<u64>,
        answer: Answer<Result<(), Refused>>,
    },
    Truncate {
        stop_at: Option<u64>,
        answer: Answer<Result<(), Refused>>,
    },
    /// The group ends; its consumers are told this word, or else that it was dropped.
    Stop(Option<Status>),
}

/// Where the answer goes.
pub(super) type Answer<T> = oneshot::Sender<T>;

/// A group at one moment.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) numbers: Numbers,
    pub(crate) who: Vec<Who>,
    /// Parked events that are not being tried again.
    pub(crate) parked: u64,
    pub(crate) is_replaying: bool,
    /// Whether there is a checkpoint.
    pub(crate) is_saved: bool,
}

impl Told {
    /// The last place up to which everything was finished when progress was written.
    pub(super) fn checkpoint(&self) -> Option<u64> {
        if self.is_saved { self.numbers.saved.checked_sub(1) } else { None }
    }
}

/// How others talk to a group that runs.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    pub(crate) definition: Arc<Definition>,
    pub(super) commands: mpsc::Sender<Command>,
}

impl Handle {
    /// Sends something to do.
    ///
    /// # Errors
    /// `Dropped` when the group runs no longer.
    pub(super) async fn send(&self, command: Command) -> Result<(), Refused> {
        self.commands.send(command).await.map_err(|_| Refused::Dropped)
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Refused> {
        let (answer, answered) = oneshot::channel();
        self.send(command(answer)).await?;
        answered.await.map_err(|_| Refused::Dropped)
    }

    pub(super) async fn join(&self, slots: usize, who: Who) -> Result<Joined, Refused> {
        self.ask(|answer| Command::Join { slots, who, answer }).await?
    }

    pub(super) async fn tell(&self) -> Result<Told, Refused> {
        self.ask(Command::Tell).await
    }

    pub(super) async fn progress(&self) -> Result<Progress, Refused> {
        self.ask(Command::Watch).await
    }

    pub(super) async fn replay(&self, stop_at: Option<u64>) -> Result<(), Refused> {
        self.ask(|answer| Command::Replay { stop_at, answer }).await?
    }

    pub(super) async fn truncate(&self, stop_at: Option<u64>) -> Result<(), Refused> {
        self.ask(|answer| Command::Truncate { stop_at, answer }).await?
    }
}
