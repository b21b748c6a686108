//! What is written about dead letters, as JSON in the stream `reactor_NAME-letters`.

use annals_core::{Error, ErrorKind, EventType, NewEvent, Position, RecordedEvent, Result};
use bytestring::ByteString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::read_side::NewDeadLetter;

/// Type of the event that says that an event was set aside.
pub(super) const SET_ASIDE: &str = "annals.reactor.set_aside";
/// Type of the event that says that a dead letter was retried or discarded.
pub(super) const SETTLED: &str = "annals.reactor.settled";

/// An event was set aside.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SetAsideRecord {
    partition: u32,
    position: u64,
    part: Option<u32>,
    event: String,
    key: Option<String>,
    reason: String,
    attempts: u32,
}

/// It is dealt with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct SettledRecord {
    /// The version of the event that set it aside.
    pub(super) letter: u64,
}

impl SetAsideRecord {
    pub(super) fn of(letter: &NewDeadLetter) -> Self {
        Self {
            partition: letter.partition,
            position: letter.position.get(),
            part: letter.part,
            event: letter.event_id.to_string(),
            key: letter.key.clone(),
            reason: letter.reason.clone(),
            attempts: letter.attempts,
        }
    }

    pub(super) fn into_letter(self, record: &RecordedEvent) -> Result<NewDeadLetter> {
        Ok(NewDeadLetter {
            partition: self.partition,
            position: Position::new(self.position),
            part: self.part,
            event_id: self.event.parse().map_err(|_| unreadable(record))?,
            key: self.key,
            reason: self.reason,
            attempts: self.attempts,
            time: record.recorded_at,
        })
    }
}

pub(super) fn to_event(event_type: &'static str, data: &impl Serialize) -> Result<NewEvent> {
    let data = serde_json::to_vec(data).map_err(|error| {
        Error::new(ErrorKind::Internal, "a dead letter has no form in JSON").caused_by(error)
    })?;
    let event_type = EventType::from_stored(ByteString::from_static(event_type));
    Ok(NewEvent::new(event_type, data))
}

pub(super) fn read<T: DeserializeOwned>(record: &RecordedEvent) -> Result<T> {
    serde_json::from_slice(&record.data).map_err(|error| unreadable(record).caused_by(error))
}

fn unreadable(record: &RecordedEvent) -> Error {
    let message = format!(
        "event {} of stream `{}` is no record of a dead letter; another program wrote it, use \
         another name for the reactor",
        record.version, record.stream
    );
    Error::new(ErrorKind::Undecodable, message)
}
