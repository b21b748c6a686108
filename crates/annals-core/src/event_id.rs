//! The identity of an event.

use std::fmt;

use uuid::Uuid;

use crate::{Error, Result, StreamName, Version};

/// A UUID the writer gives an event. Sending the same id again means the same event again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(Uuid);

/// Namespace of the ids of events the store writes itself; made once, at random.
const STORE_NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_9b8e_52c4_4c8f_9f37_0c5c_3ad1_7e42);

impl EventId {
    /// A new id (UUID version 7: random, but sortable by time).
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }

    /// Takes a UUID.
    ///
    /// # Errors
    /// The nil UUID stands for "no id" on the wire and is refused.
    pub fn new(uuid: Uuid) -> Result<Self> {
        if uuid.is_nil() {
            return Err(Error::invalid("the event id is the nil UUID; leave it out to get one"));
        }
        Ok(Self(uuid))
    }

    /// An id that follows from bytes (UUID version 5), so that the same record always gets the
    /// same id.
    #[must_use]
    pub fn derived(namespace: Uuid, bytes: &[u8]) -> Self {
        Self(Uuid::new_v5(&namespace, bytes))
    }

    /// The id of an event that the store itself writes at a version of a stream. It follows from
    /// where the event stands, because accepting an append must not depend on chance.
    #[must_use]
    pub fn of_store(stream: &StreamName, version: Version) -> Self {
        Self::derived(STORE_NAMESPACE, format!("{version}@{stream}").as_bytes())
    }

    /// Takes the bytes of an id that was checked when it was stored.
    #[must_use]
    pub const fn from_stored(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The UUID.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }

    /// The 16 bytes of the UUID.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }
}

impl std::str::FromStr for EventId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let uuid = text
            .parse::<Uuid>()
            .map_err(|error| Error::invalid(format!("`{text}` is not a UUID")).caused_by(error))?;
        Self::new(uuid)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
