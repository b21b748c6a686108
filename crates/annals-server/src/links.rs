//! Links: events of type `$>` whose data is `version@stream`, which stand for another event.

use annals_core::{
    Backend, ErrorKind, EventType, Read, ReadStream, RecordedEvent, Result, StreamName, Version,
};
use futures_lite::StreamExt;

use crate::{
    access::{Caller, StreamRight, is_secret},
    node::Node,
};

/// The type of a link.
pub(crate) const LINK: &str = "$>";

/// An event as a reader gets it.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every entry is an event; a box would cost each of them an allocation"
)]
pub(crate) enum Entry {
    /// An event that was read where it stands.
    Event(RecordedEvent),
    /// A link.
    Link(Box<Link>),
}

/// A link with the event it leads to, unless that can no longer be read.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) link: RecordedEvent,
    pub(crate) target: Option<RecordedEvent>,
}

impl Entry {
    /// The event that was read, not the one it may lead to.
    pub(crate) fn original(&self) -> &RecordedEvent {
        match self {
            Self::Event(event) => event,
            Self::Link(link) => &link.link,
        }
    }
}

/// Follows an event to where it leads, if it is a link.
pub(crate) async fn resolve(store: &dyn Backend, event: RecordedEvent) -> Result<Entry> {
    if EventType::as_str(&event.event_type) != LINK {
        return Ok(Entry::Event(event));
    }
    let target = match target_of(&event) {
        // Whoever can write a link must not read by it what is for administrators alone.
        Some((stream, _)) if is_secret(&stream) => None,
        Some((stream, version)) => event_at(store, stream, version).await?,
        None => None,
    };
    Ok(Entry::Link(Box::new(Link { link: event, target })))
}

/// The same for a caller who may not read everything: a link to what they may not read leads
/// nowhere.
pub(crate) async fn resolve_for(
    node: &Node,
    caller: &Caller,
    event: RecordedEvent,
) -> Result<Entry> {
    let is_link = EventType::as_str(&event.event_type) == LINK;
    if is_link && let Some((stream, _)) = target_of(&event) {
        match node.access.stream(caller, &stream, StreamRight::Read).await {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Ok(Entry::Link(Box::new(Link { link: event, target: None })));
            }
            Err(error) => return Err(error),
        }
    }
    resolve(node.store.as_ref(), event).await
}

/// Where a link leads; `None` when its data is not that of a link.
fn target_of(link: &RecordedEvent) -> Option<(StreamName, Version)> {
    let text = std::str::from_utf8(&link.data).ok()?;
    let (version, stream) = text.split_once('@')?;
    Some((StreamName::new(stream.to_owned()).ok()?, Version::new(version.parse().ok()?)))
}

/// The event at a version, `None` when it cannot be read (any more).
async fn event_at(
    store: &dyn Backend,
    stream: StreamName,
    version: Version,
) -> Result<Option<RecordedEvent>> {
    let read = ReadStream::new(stream).from(version).limit(1);
    match store.read(Read::Stream(read)).next().await.transpose() {
        Ok(event) => Ok(event.filter(|event| event.version == version)),
        Err(error)
            if matches!(error.kind(), ErrorKind::StreamNotFound | ErrorKind::StreamDeleted) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
