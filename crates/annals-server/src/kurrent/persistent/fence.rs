//! What keeps a server that was the leader, and has not noticed that it is no longer, from writing
//! anything for a group.
//!
//! Whoever becomes the leader appends an event to one stream before it starts a group, and every
//! write for a group carries the check that this event is still the last one there, in the same
//! append. So the writes of an old leader are refused as a whole from the moment on at which the
//! next one reads where the groups are. What an old leader had given to its consumers and could
//! not write down is given out once more.
//!
//! On a store without groups there is no such event, and on one that a server has for itself there
//! never is: nothing is checked.

use annals_core::{
    Append, Backend, Error, ErrorKind, EventType, ExpectedVersion, NewEvent, Read, ReadStream,
    Result, StreamName, Version,
};
use futures_lite::StreamExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const STREAM: &str = "$persistentSubscriptionLeader";
const EVENT_TYPE: &str = "$PersistentLeader";

/// By which right a server drives groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// The store is its own.
    Sole,
    /// It leads, with this number.
    Leader { me: Uuid, number: u64 },
}

/// What writes for groups carry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fence(Option<Version>);

/// Who led last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Last {
    version: Version,
    leader: Uuid,
    pub(crate) number: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Led {
    leader: String,
    number: u64,
}

impl Fence {
    /// Where nobody else can write.
    pub(crate) const NONE: Self = Self(None);

    /// The same append, which is refused once another server leads.
    ///
    /// # Errors
    /// None in practice: the stream has a name.
    pub(crate) fn guard(self, append: Append) -> Result<Append> {
        match self.0 {
            None => Ok(append),
            Some(version) => {
                Ok(append.and(StreamName::new(STREAM)?, ExpectedVersion::Exact(version), []))
            }
        }
    }

    /// Asks the store whether this server may write still.
    ///
    /// # Errors
    /// `WrongExpectedVersion` when another one leads; those of an append.
    pub(crate) async fn check(self, store: &dyn Backend) -> Result<()> {
        if self == Self::NONE {
            return Ok(());
        }
        store.append(self.guard(Append::default())?).await.map(drop)
    }
}

impl Right {
    /// Makes the server with this right the one that writes.
    ///
    /// # Errors
    /// Those of [`raise`].
    pub(crate) async fn fence(self, store: &dyn Backend) -> Result<Fence> {
        match self {
            Self::Sole => Ok(Fence::NONE),
            Self::Leader { me, number } => raise(store, me, number).await,
        }
    }
}

/// Who led last; `None` when nobody did.
///
/// # Errors
/// `Corrupted`, and those of reading.
pub(crate) async fn last(store: &dyn Backend) -> Result<Option<Last>> {
    let read = ReadStream::new(StreamName::new(STREAM)?).backward().limit(1);
    let event = match store.read(Read::Stream(read)).next().await.transpose() {
        Ok(Some(event)) => event,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::StreamNotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let led: Led = serde_json::from_slice(&event.data).map_err(|error| {
        let why = format!("event {} of `{STREAM}` says of no leader", event.version);
        Error::new(ErrorKind::Corrupted, why).caused_by(error)
    })?;
    let leader = Uuid::parse_str(&led.leader).unwrap_or_default();
    Ok(Some(Last { version: event.version, leader, number: led.number }))
}

/// Makes the server with this number the one that writes, and all with lower numbers not.
///
/// # Errors
/// `Unavailable` when one with a higher number has been there, `WrongExpectedVersion` when another
/// one did the same at once; those of reading and of an append.
async fn raise(store: &dyn Backend, me: Uuid, number: u64) -> Result<Fence> {
    let last = last(store).await?;
    if let Some(Last { version, leader, number: before }) = last {
        if (leader, before) == (me, number) {
            return Ok(Fence(Some(version)));
        }
        if before >= number {
            let why = "another server drives the groups of consumers since";
            return Err(Error::new(ErrorKind::Unavailable, why));
        }
    }
    let led = Led { leader: me.to_string(), number };
    let json = serde_json::to_vec(&led).map_err(|error| {
        Error::new(ErrorKind::Internal, "the leader cannot be written").caused_by(error)
    })?;
    let (stream, event) =
        (StreamName::new(STREAM)?, NewEvent::new(EventType::new(EVENT_TYPE)?, json));
    let expected =
        last.map_or(ExpectedVersion::NoStream, |last| ExpectedVersion::Exact(last.version));
    let appended = store.append(Append::to(stream, expected, [event])).await?;
    Ok(Fence(appended.streams.first().and_then(|stream| stream.last_version)))
}

#[cfg(test)]
mod tests {
    use annals_core::{MemoryBackend, Name, Position};

    use super::*;

    #[tokio::test]
    async fn a_leader_of_before_can_write_no_checkpoint_and_whoever_leads_can() {
        let store = MemoryBackend::new();
        let name = Name::new("$persistent/s::g").unwrap();
        let save = async |fence: Fence, position| {
            let append = Append::default().checkpoint(name.clone(), Position::new(position));
            store.append(fence.guard(append).unwrap()).await
        };
        let old = raise(&store, Uuid::new_v4(), 1).await.unwrap();
        save(old, 3).await.unwrap();
        let new = raise(&store, Uuid::new_v4(), 2).await.unwrap();
        let refused = save(old, 9).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::WrongExpectedVersion);
        assert!(old.check(&store).await.is_err());
        save(new, 4).await.unwrap();
        new.check(&store).await.unwrap();
        assert_eq!(store.checkpoint(&name).await.unwrap(), Some(Position::new(4)));
    }

    #[tokio::test]
    async fn who_comes_late_with_a_lower_number_never_gets_the_right() {
        let store = MemoryBackend::new();
        let (slow, fast) = (Uuid::new_v4(), Uuid::new_v4());
        let new = raise(&store, fast, 5).await.unwrap();
        let error = raise(&store, slow, 4).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(raise(&store, fast, 5).await.unwrap(), new);
        assert_eq!(last(&store).await.unwrap().unwrap().number, 5);
    }
}
