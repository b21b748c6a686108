//! The store as the services of a secured server write to it: whoever changes a user or an access
//! list through this server finds it in force once the write is answered.
//!
//! What others write to the same store is learned by following it, a moment later.

use std::sync::Arc;

use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Freshness, Inline, Node, Position, Read, RecordedEvent, Restore, Result, StateEntry,
    StateKey, StateKind, StatePut, StoreInfo, StoreWork, StreamInfo, StreamName, Subscribe,
};

use super::changes::Changes;

/// A store whose changes of users and access lists are noted.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) store: Arc<dyn Backend>,
    pub(crate) changes: Arc<Changes>,
}

impl Changes {
    /// An event of a stream has been written, or may have been.
    pub(crate) fn note_written(&self, stream: &StreamName) {
        // Metadata is kept in a metastream and counts for the stream it is about.
        match stream.as_str().strip_prefix("$$") {
            Some(of) => self.note(of),
            None => self.note(stream.as_str()),
        }
    }
}

impl Backend for Watched {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        let system = append.writes.iter().map(|write| &write.stream);
        let system: Vec<_> = system.filter(|stream| stream.is_system()).cloned().collect();
        if system.is_empty() {
            return self.store.append(append);
        }
        Box::pin(async move {
            let appended = self.store.append(append).await;
            // An error may come after the events were stored.
            system.iter().for_each(|stream| self.changes.note_written(stream));
            appended
        })
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        Box::pin(async move {
            let stream = delete.stream.clone();
            let deleted = self.store.delete_stream(delete).await;
            self.changes.note_written(&stream);
            deleted
        })
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        self.store.read(read)
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        self.store.subscribe(subscribe)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        self.store.head()
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        self.store.stream_info(stream)
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        self.store.streams(category)
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        self.store.state(key)
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        self.store.put_state(put)
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        self.store.states(kind, prefix)
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        self.store.info()
    }

    fn work(&self) -> Option<StoreWork> {
        self.store.work()
    }

    fn catch_up(&self, to: Freshness) -> BoxFuture<'_, Result<Option<Position>>> {
        self.store.catch_up(to)
    }

    fn nodes(&self) -> Vec<Node> {
        self.store.nodes()
    }

    fn advertise(&self, address: &str) {
        self.store.advertise(address);
    }

    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let restored = self.store.restore(restore).await;
            // Users may be among it; this is rare enough to look all up anew.
            self.changes.note_all();
            restored
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.store.close()
    }

    fn install_inline(&self, inline: Arc<dyn Inline>) -> Result<()> {
        self.store.install_inline(inline)
    }
}

#[cfg(test)]
mod tests {
    use annals_core::{DeleteMode, EventType, ExpectedVersion, MemoryBackend, NewEvent};

    use super::*;

    #[tokio::test]
    async fn what_is_written_to_the_systems_streams_has_been_noted_when_it_is_answered() {
        let changes = Arc::new(Changes::new());
        let store: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
        let watched = Watched { store, changes: Arc::clone(&changes) };
        let append = |stream: &str| {
            let event = NewEvent::new(EventType::new("changed").unwrap(), "{}");
            let stream = StreamName::new(stream.to_owned()).unwrap();
            watched.append(Append::to(stream, ExpectedVersion::Any, [event]))
        };
        append("account-1").await.unwrap();
        assert_eq!(changes.total(), 0);
        append("$user-ann").await.unwrap();
        assert_eq!(changes.total(), 1);
        let stream = StreamName::new("$user-ann").unwrap();
        let expected = ExpectedVersion::Any;
        watched
            .delete_stream(DeleteStream { stream, expected, mode: DeleteMode::Soft })
            .await
            .unwrap();
        assert_eq!(changes.total(), 2);
    }
}
