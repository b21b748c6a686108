//! A refusal as the process manager sees it.

use annals_core::{RecordedEvent, Timestamp};
use serde_json::Value;

use super::Message;

/// A command that was sent and refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// The [`Message::NAME`] of the command.
    pub command: String,
    /// The command as JSON.
    pub data: Value,
    /// Why, in the words of its error.
    pub reason: String,
    /// The record of the refusal.
    pub record: RecordedEvent,
}

impl Rejected {
    /// Whether it is a command of this type.
    #[must_use]
    pub fn is<C: Message>(&self) -> bool {
        self.command == C::NAME
    }

    /// The command, if it is of this type and can be read.
    #[must_use]
    pub fn command<C: Message>(&self) -> Option<C> {
        self.is::<C>().then(|| C::deserialize(&self.data).ok()).flatten()
    }

    /// When the refusal was recorded; deadlines set because of it count from here.
    #[must_use]
    pub const fn recorded_at(&self) -> Timestamp {
        self.record.recorded_at
    }
}
