//! The type of an event.

use bytestring::ByteString;

use crate::{
    Result, limits,
    name::{check, checked_string},
};

/// What happened, in one word: `deposited`, `bank.deposited`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventType(ByteString);

checked_string!(EventType);

impl EventType {
    /// The type of the events in a metastream.
    pub const METADATA: Self = Self(ByteString::from_static("$metadata"));
    /// The type of the last event of a tombstoned stream.
    pub const STREAM_DELETED: Self = Self(ByteString::from_static("$streamDeleted"));

    /// Checks the type.
    ///
    /// # Errors
    /// Empty, longer than [`limits::EVENT_TYPE_BYTES_MAX`], or with a control character.
    pub fn new(event_type: impl Into<ByteString>) -> Result<Self> {
        let event_type = event_type.into();
        check("the event type", &event_type, limits::EVENT_TYPE_BYTES_MAX)?;
        Ok(Self(event_type))
    }
}
