//! What is stored in the stream of an instance beside the application's events, as JSON.

use std::{fmt, str::FromStr};

use annals_core::{
    ContentType, Error, ErrorKind, EventType, NewEvent, Position, RecordedEvent, Result, Tag, Tags,
    Timestamp, Version,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Which command or deadline of an instance: the version of the event that has it, and its number
/// in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) at: u64,
    pub(super) number: u32,
}

/// What an instance made of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Reacted {
    pub(super) input: InputRecord,
    /// `Process::VERSION` and `Process::FINGERPRINT` of the code that reacted.
    pub(super) version: u32,
    pub(super) fingerprint: u64,
    /// The version at which this life of the instance began.
    pub(super) began: u64,
    pub(super) finished: bool,
    /// The state after.
    pub(super) state: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sent: Vec<SentRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) set: Vec<SetRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) cancelled: Vec<String>,
    /// What is open after it, also from before, so that nothing older has to be read.
    pub(super) open: Open,
}

/// Which input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InputRecord {
    pub(super) id: String,
    pub(super) position: u64,
    pub(super) part: u32,
    #[serde(rename = "type")]
    pub(super) event_type: String,
}

/// A command that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SentRecord {
    pub(super) command: String,
    pub(super) data: Value,
}

/// A deadline that was set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SetRecord {
    pub(super) name: String,
    pub(super) due: String,
    pub(super) event: EventRecord,
}

/// An event to be written later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EventRecord {
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u32,
    content_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// The data as text, or as base64 when it is none.
    data: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_base64: bool,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) command: String,
    pub(super) ticket: Ticket,
    pub(super) outcome: Outcome,
}

/// The end of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Done { version: Option<u64>, position: Option<u64> },
    Refused { reason: String, data: Value },
}

/// What is to be done for an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Open {
    /// Commands without an answer, in the order they were sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) commands: Vec<Ticket>,
    /// Deadlines that were neither taken in nor cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deadlines: Vec<Pending>,
}

/// A deadline ahead, or one that has passed and was not taken in yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) name: String,
    /// In microseconds since 1970.
    pub(super) due: i64,
    pub(super) ticket: Ticket,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_passed: bool,
}

impl Open {
    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.deadlines.is_empty()
    }

    pub(super) fn answered(&mut self, ticket: Ticket) {
        self.commands.retain(|open| *open != ticket);
    }

    pub(super) fn passed(&mut self, ticket: Ticket) {
        let pending = self.deadlines.iter_mut().filter(|pending| pending.ticket == ticket);
        pending.for_each(|pending| pending.has_passed = true);
    }

    /// Deadlines still ahead.
    pub(super) fn ahead(&self) -> impl Iterator<Item = (Timestamp, Ticket)> {
        let ahead = self.deadlines.iter().filter(|pending| !pending.has_passed);
        ahead.map(|pending| (Timestamp::from_micros(pending.due), pending.ticket))
    }

    pub(super) fn is_ahead(&self, ticket: Ticket) -> bool {
        self.ahead().any(|(_, ahead)| ahead == ticket)
    }
}

impl EventRecord {
    pub(super) fn of(event: &NewEvent) -> Self {
        let text = std::str::from_utf8(&event.data);
        Self {
            event_type: event.event_type.to_string(),
            schema_version: event.schema_version,
            content_type: event.content_type.to_string(),
            tags: event.tags.into_iter().map(ToString::to_string).collect(),
            data: text.map_or_else(|_| STANDARD.encode(&event.data), ToOwned::to_owned),
            is_base64: text.is_err(),
        }
    }

    pub(super) fn to_event(&self) -> Result<NewEvent> {
        let tags: Result<Vec<Tag>> = self.tags.iter().map(|tag| Tag::new(tag.clone())).collect();
        let data = match self.is_base64 {
            false => self.data.clone().into_bytes(),
            true => STANDARD.decode(&self.data).map_err(|error| {
                Error::new(ErrorKind::Undecodable, "the event of a deadline is not base64")
                    .caused_by(error)
            })?,
        };
        Ok(NewEvent {
            schema_version: self.schema_version,
            content_type: ContentType::from_stored(self.content_type.clone().into()),
            tags: Tags::new(tags?)?,
            ..NewEvent::new(EventType::new(self.event_type.clone())?, data)
        })
    }
}

/// Reads one of these back.
pub(super) fn read<T: DeserializeOwned>(record: &RecordedEvent) -> Result<T> {
    serde_json::from_slice(&record.data).map_err(|error| {
        Error::new(
            ErrorKind::Undecodable,
            format!("event {} of type `{}` cannot be read", record.id, record.event_type),
        )
        .with("stream", &record.stream)
        .with("version", record.version)
        .caused_by(error)
    })
}

/// Makes one of these an event.
pub(super) fn write<T: Serialize>(event_type: &'static str, record: &T) -> Result<NewEvent> {
    let data = serde_json::to_vec(record).map_err(|error| {
        Error::new(ErrorKind::Undecodable, format!("no JSON for an event of type `{event_type}`"))
            .caused_by(error)
    })?;
    Ok(NewEvent::new(EventType::new(event_type)?, data))
}

impl Ticket {
    pub(super) const fn new(at: Version, number: usize) -> Self {
        Self { at: at.get(), number: number as u32 }
    }

    pub(super) const fn version(self) -> Version {
        Version::new(self.at)
    }
}

impl InputRecord {
    pub(super) fn of(record: &RecordedEvent, part: u32) -> Self {
        Self {
            id: record.id.to_string(),
            position: record.position.get(),
            part,
            event_type: record.event_type.to_string(),
        }
    }

    /// Whether another input comes later than this one.
    pub(super) fn is_before(&self, position: Position, part: u32) -> bool {
        (self.position, self.part) < (position.get(), part)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.number)
    }
}

impl FromStr for Ticket {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, number) = text.split_once('.').ok_or(())?;
        let (at, number) = (at.parse().map_err(drop)?, number.parse().map_err(drop)?);
        Ok(Self { at, number })
    }
}
