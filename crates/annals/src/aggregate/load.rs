//! Loading: a snapshot if there is one, then the events after it.

use annals_core::{
    Error, ErrorKind, EventId, Read, ReadAll, ReadStream, RecordedEvent, Result, Version,
};
use futures_lite::StreamExt;

use super::{Boundary, Root, part, root::Folded, snapshot};
use crate::{At, app::Store, time::Place};

impl Store {
    /// Loads a state as it was at a moment.
    pub(crate) async fn load<B: Boundary>(&self, key: &B::Key, at: At) -> Result<Root<B>> {
        let mut root = Root::new(key)?;
        if let Some(kind) = B::snapshot_kind() {
            root = snapshot::find(self, &kind, root, at).await;
        }
        root.at = at;
        self.catch_up(&mut root, key).await?;
        Ok(root)
    }

    /// Folds in what came after.
    pub(crate) async fn catch_up<B: Boundary>(
        &self,
        root: &mut Root<B>,
        key: &B::Key,
    ) -> Result<()> {
        if self.fold_on(root).await? == Ground::Firm {
            return Ok(());
        }
        // The stream was deleted or truncated, or this is another store: begin at the beginning.
        let at = root.at;
        *root = Root::new(key)?;
        root.at = at;
        self.fold_on(root).await.map(drop)
    }

    async fn fold_on<B: Boundary>(&self, root: &mut Root<B>) -> Result<Ground> {
        let Some(stream) = root.lone_stream().cloned() else {
            return self.fold_query(root).await;
        };
        let from = root.folded.version.unwrap_or(Version::FIRST);
        match self.fold_all(root, ReadStream::new(stream).from(from).into()).await {
            Err(error) if error.kind() == ErrorKind::StreamNotFound => {
                Ok(Ground::of(root.folded == Folded::default()))
            }
            Ok(Ground::Firm) if root.folded.version.is_none() => {
                // Retention may hide every event of a stream that goes on all the same.
                root.folded.version = self.last_version(root).await?;
                Ok(Ground::Firm)
            }
            read => read,
        }
    }

    async fn last_version<B: Boundary>(&self, root: &Root<B>) -> Result<Option<Version>> {
        match root.lone_stream().filter(|_| root.at == At::Latest) {
            Some(stream) => Ok(self.backend.stream_info(stream).await?.last_version),
            None => Ok(None),
        }
    }

    async fn fold_query<B: Boundary>(&self, root: &mut Root<B>) -> Result<Ground> {
        if let At::Version(_) = root.at {
            return Err(Error::invalid(
                "a version means one stream; for a state from several name a position or a time",
            ));
        }
        let Some(head) = self.backend.head().await? else {
            return Ok(Ground::of(root.folded == Folded::default()));
        };
        let query = part::query(&root.parts, |part| self.upcasters.stored_types(part.types))?;
        let from = root.folded.last.map(|(_, position)| position);
        let read = ReadAll { from, to: Some(head), ..ReadAll::new(query) };
        let ground = self.fold_all(root, read.into()).await?;
        // Everything up to the head has been looked at, also what did not match.
        if root.at == At::Latest {
            root.folded.position = Some(head);
        }
        Ok(ground)
    }

    /// Folds what a read gives. A state that stands for events already is read from its last
    /// event on, which has to be there still.
    async fn fold_all<B: Boundary>(&self, root: &mut Root<B>, read: Read) -> Result<Ground> {
        let mut events = self.backend.read(read);
        if let Some((id, _)) = root.folded.last
            && !is_at(id, events.try_next().await?.as_ref())
        {
            return Ok(Ground::Gone);
        }
        while let Some(record) = events.try_next().await? {
            match root.at.place(&record) {
                Place::Counts => root.fold(self.upcast(&record).await?)?,
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

/// Whether the events that a state stands for are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    Firm,
    Gone,
}

impl Ground {
    const fn of(is_firm: bool) -> Self {
        if is_firm { Self::Firm } else { Self::Gone }
    }
}
