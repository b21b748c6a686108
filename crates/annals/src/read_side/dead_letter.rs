//! Events that a projection could not apply, kept beside its tables.

use annals_core::{EventId, Position, Timestamp};

use super::Model;

/// An event that was set aside: it failed, or it waits behind one of the same key that did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// Which partition met it.
    pub partition: u32,
    /// Where the record is.
    pub position: Position,
    /// Which part of the record; `None` for all of it, when it could not be decoded.
    pub part: Option<u32>,
    /// Who the event is.
    pub event_id: EventId,
    /// The partition key, whose later events wait behind this one. `None` without partitions, and
    /// for what could not be decoded: nothing waits behind that.
    pub key: Option<String>,
    /// Why it is here.
    pub reason: String,
    /// How often it was tried; 0 when it only waits behind another.
    pub attempts: u32,
    /// When it was set aside.
    pub time: Timestamp,
}

/// A dead letter as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number in the database.
    pub id: u64,
    /// Which read model lacks it.
    pub model: Model,
    /// What it is.
    pub letter: NewDeadLetter,
}

impl std::ops::Deref for DeadLetter {
    type Target = NewDeadLetter;

    fn deref(&self) -> &NewDeadLetter {
        &self.letter
    }
}
