//! The parked stream of a group: links to the events that its consumers could not deal with.
//!
//! It is an ordinary stream, so that people can look into it with any tool. Its beginning is cut
//! off when parked events were tried again and are finished, not before; so a crash loses none.

use std::sync::Arc;

use annals_core::{
    Append, Backend, Clock, ContentType, DeleteMode, DeleteStream, ErrorKind, EventType,
    ExpectedVersion, Metadata, NewEvent, Read, ReadStream, Result, StreamMetadata, StreamName,
    StreamStatus, SystemClock, Version,
};
use futures_lite::StreamExt;

use super::{
    fence::Fence,
    group::{Failed, Origin},
};
use crate::links::{self, Entry, LINK};

/// The parked stream of one group.
#[derive(Debug, Clone)]
pub(super) struct ParkedStream {
    store: Arc<dyn Backend>,
    fence: Fence,
    stream: StreamName,
}

/// Which versions are there: from `first` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) first: u64,
    pub(super) end: u64,
}

impl Bounds {
    /// How many events are there.
    pub(super) const fn count(self) -> u64 {
        self.end.saturating_sub(self.first)
    }
}

impl ParkedStream {
    pub(super) const fn new(store: Arc<dyn Backend>, fence: Fence, stream: StreamName) -> Self {
        Self { store, fence, stream }
    }

    pub(super) async fn bounds(&self) -> Result<Bounds> {
        let info = self.store.stream_info(&self.stream).await?;
        let end = info.last_version.map_or(0, |last| last.next().get());
        let first = match info.status {
            StreamStatus::Live => info.first_version.get().min(end),
            _ => end,
        };
        Ok(Bounds { first, end })
    }

    /// Adds links to the events. Gives where the stream ends now.
    pub(super) async fn add(&self, failed: &[Failed<Arc<Entry>>]) -> Result<u64> {
        let events = failed.iter().map(link).collect::<Result<Vec<_>>>()?;
        let append = Append::to(self.stream.clone(), ExpectedVersion::Any, events);
        let appended = self.store.append(self.fence.guard(append)?).await?;
        let last = appended.streams.first().and_then(|stream| stream.last_version);
        Ok(last.map_or(0, |last| last.next().get()))
    }

    /// The next parked events before `end`, with what they lead to.
    pub(super) async fn page(&self, from: u64, end: u64, limit: u64) -> Result<Vec<Entry>> {
        let read = ReadStream::new(self.stream.clone()).from(Version::new(from));
        let mut links = self.store.read(Read::Stream(read.limit(limit)));
        let mut entries = Vec::new();
        while let Some(link) = links.next().await {
            let link = match link {
                Err(error) if error.kind() == ErrorKind::StreamNotFound => break,
                link => link?,
            };
            if link.version.get() >= end {
                break;
            }
            entries.push(links::resolve(self.store.as_ref(), link).await?);
        }
        Ok(entries)
    }

    /// Cuts off what stands before a version.
    pub(super) async fn truncate(&self, before: u64) -> Result<()> {
        let mut metadata = self.store.stream_info(&self.stream).await?.metadata;
        if metadata.truncate_before.is_some_and(|cut| cut.get() >= before) {
            return Ok(());
        }
        metadata.truncate_before = Some(Version::new(before));
        self.set(&metadata).await
    }

    async fn set(&self, metadata: &StreamMetadata) -> Result<()> {
        let settings = metadata.to_write(&self.stream, ExpectedVersion::Any)?;
        let append = Append { writes: vec![settings], ..Append::default() };
        self.store.append(self.fence.guard(append)?).await.map(drop)
    }

    /// Deletes it, if it is there.
    pub(super) async fn delete(&self) -> Result<()> {
        let (stream, expected) = (self.stream.clone(), ExpectedVersion::Any);
        let delete = DeleteStream { stream, expected, mode: DeleteMode::Soft };
        match self.store.delete_stream(delete).await {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WrongExpectedVersion | ErrorKind::StreamDeleted
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// A link to the event itself, also when it was reached over another link or is one; a link that
/// leads nowhere is parked as it is.
fn link(failed: &Failed<Arc<Entry>>) -> Result<NewEvent> {
    let entry = failed.message.event.as_ref();
    let data = match entry {
        Entry::Event(event) if EventType::as_str(&event.event_type) == LINK => event.data.clone(),
        Entry::Event(event) => format!("{}@{}", event.version, event.stream).into(),
        Entry::Link(link) => match &link.target {
            Some(event) => format!("{}@{}", event.version, event.stream).into(),
            None => link.link.data.clone(),
        },
    };
    let number = match failed.message.origin {
        Origin::Source(place) | Origin::Parked(place) => place,
    };
    let metadata = serde_json::json!({
        "added": SystemClock.now().to_string(),
        "reason": failed.reason,
        "subscriptionEventNumber": number,
    });
    Ok(NewEvent {
        content_type: ContentType::Binary,
        metadata: Metadata::new(metadata.to_string()),
        ..NewEvent::new(EventType::new(LINK)?, data)
    })
}
