//! Loading: a snapshot if there is one, then the events after it.

use annals_core::{
    Error, ErrorKind, EventId, Read, ReadStream, RecordedEvent, Result, StreamInfo, StreamName,
    StreamStatus, Version,
};
use futures_lite::StreamExt;

use super::{Boundary, Root, part::Part, root::Folded, snapshot};
use crate::{At, app::Store, time::Place, trace::Operation};

impl Store {
    /// Loads a state as it was at a moment.
    pub(crate) async fn load<B: Boundary>(&self, key: &B::Key, at: At) -> Result<Root<B>> {
        let root = Root::<B>::new(key)?;
        let span = Operation::Load.span(root.stream());
        span.run(self.load_into(root, key, at)).await
    }

    async fn load_into<B: Boundary>(
        &self,
        mut root: Root<B>,
        key: &B::Key,
        at: At,
    ) -> Result<Root<B>> {
        if let Some(kind) = B::snapshot_kind() {
            root = snapshot::find(self, &kind, root, at).await;
        }
        root.at = at;
        self.fold_on_or_anew(&mut root, key, Origin::Snapshot).await?;
        Ok(root)
    }

    /// Folds in what came after a state was made from this store.
    pub(crate) async fn catch_up<B: Boundary>(
        &self,
        root: &mut Root<B>,
        key: &B::Key,
    ) -> Result<()> {
        let span = Operation::Load.span(root.stream());
        span.run(self.fold_on_or_anew(root, key, Origin::Here)).await
    }

    async fn fold_on_or_anew<B: Boundary>(
        &self,
        root: &mut Root<B>,
        key: &B::Key,
        origin: Origin,
    ) -> Result<()> {
        if self.fold_on(root, origin).await? == Ground::Firm {
            return Ok(());
        }
        // The stream was deleted or truncated, or this is another store: begin at the beginning.
        let at = root.at;
        *root = Root::new(key)?;
        root.at = at;
        self.fold_on(root, origin).await.map(drop)
    }

    async fn fold_on<B: Boundary>(&self, root: &mut Root<B>, origin: Origin) -> Result<Ground> {
        let Some(stream) = root.lone_stream().cloned() else {
            return self.fold_query(root).await;
        };
        if root.folded.last.is_none() {
            root.folded = Folded::default();
        } else {
            let info = self.backend.stream_info(&stream).await?;
            if !root.folded.is_left_by(&info)? {
                return Ok(Ground::Gone);
            }
            // A snapshot may be from another life of the store; its last event will tell.
            if origin == Origin::Here && info.last_version == root.folded.version {
                return Ok(Ground::Firm);
            }
        }
        self.fold_stream(root, stream).await
    }

    async fn fold_stream<B: Boundary>(
        &self,
        root: &mut Root<B>,
        stream: StreamName,
    ) -> Result<Ground> {
        let from = root.folded.version.unwrap_or(Version::FIRST);
        let to = match root.at {
            At::Version(version) => Some(version),
            _ => None,
        };
        let read = ReadStream { to, ..ReadStream::new(stream.clone()).from(from) };
        match self.fold_all(root, read.into(), |_, _| true).await {
            Err(error) if error.kind() == ErrorKind::StreamNotFound => {
                Ok(Ground::of(root.folded == Folded::default()))
            }
            Ok(Ground::Firm) if root.folded.version.is_none() && root.at == At::Latest => {
                // Retention may hide every event of a stream that goes on all the same.
                root.folded.version = self.backend.stream_info(&stream).await?.last_version;
                Ok(Ground::Firm)
            }
            read => read,
        }
    }

    /// Folds what a read gives. A state that stands for events already is read from its last
    /// event on, which has to be there still.
    pub(super) async fn fold_all<B: Boundary>(
        &self,
        root: &mut Root<B>,
        read: Read,
        wanted: impl Fn(usize, &Part) -> bool,
    ) -> Result<Ground> {
        let mut events = self.backend.read(read);
        if let Some((id, _)) = root.folded.last
            && !is_at(id, events.try_next().await?.as_ref())
        {
            return Ok(Ground::Gone);
        }
        while let Some(record) = events.try_next().await? {
            match root.at.place(&record) {
                Place::Counts => {
                    root.fold_into(&self.upcast(&record).await?, &wanted)?;
                }
                Place::LeftOut => {}
                Place::Past => break,
            }
        }
        Ok(Ground::Firm)
    }
}

fn is_at(id: EventId, record: Option<&RecordedEvent>) -> bool {
    record.is_some_and(|record| record.id == id)
}

impl Folded {
    /// Whether the events folded are the ones that are still read.
    fn is_left_by(&self, info: &StreamInfo) -> Result<bool> {
        match info.status {
            StreamStatus::Tombstoned => Err(Error::stream_deleted(&info.stream)),
            StreamStatus::Missing | StreamStatus::SoftDeleted => Ok(false),
            // With a maximal age events go as time passes, and only reading tells which.
            StreamStatus::Live => {
                Ok(self.first == Some(info.first_version)
                    && info.metadata.max_age_seconds.is_none())
            }
        }
    }
}

/// Where a state that stands for events is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// From this store, while it was open.
    Here,
    /// From a snapshot: a restored store may hold one from a future that never came.
    Snapshot,
}

/// Whether the events that a state stands for are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    Firm,
    Gone,
}

impl Ground {
    pub(super) const fn of(is_firm: bool) -> Self {
        if is_firm { Self::Firm } else { Self::Gone }
    }
}
