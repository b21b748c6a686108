//! A target that something happens to while it is copied to.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use annals::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Error, ErrorKind, Position, Read, RecordedEvent, Restore, Result, StateEntry,
    StateKey, StateKind, StatePut, StoreInfo, StreamInfo, StreamName, Subscribe,
};

use crate::story::append;

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// It fails, once.
    Fails,
    /// Somebody else writes to it.
    Rival,
}

/// A store to which something happens before its third batch.
#[derive(Debug)]
pub(crate) struct Troubled {
    inner: Arc<dyn Backend>,
    trouble: Trouble,
    batches: AtomicU32,
}

impl Troubled {
    pub(crate) fn new(inner: Arc<dyn Backend>, trouble: Trouble) -> Self {
        Self { inner, trouble, batches: AtomicU32::new(0) }
    }
}

impl Backend for Troubled {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        match (self.batches.fetch_add(1, Ordering::Relaxed), self.trouble) {
            (2, Trouble::Fails) => {
                let error = Error::new(ErrorKind::Unavailable, "the target is away");
                return Box::pin(std::future::ready(Err(error)));
            }
            (2, Trouble::Rival) => append(self.inner.as_ref(), "rival-1", 0..1),
            _ => {}
        }
        self.inner.restore(restore)
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        self.inner.append(append)
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        self.inner.delete_stream(delete)
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        self.inner.read(read)
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        self.inner.subscribe(subscribe)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        self.inner.head()
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        self.inner.stream_info(stream)
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        self.inner.streams(category)
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        self.inner.state(key)
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        self.inner.put_state(put)
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        self.inner.states(kind, prefix)
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        self.inner.info()
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.close()
    }
}
