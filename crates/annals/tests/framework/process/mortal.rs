//! A store that dies, for the application on it, at a chosen write.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use annals::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Error, ErrorKind, Position, Read, RecordedEvent, Result, StateEntry, StateKey,
    StateKind, StatePut, StoreInfo, StreamInfo, StreamName, Subscribe,
};

/// Whether the write at which it dies is still done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Done,
    NotDone,
}

/// Passes everything on until its last write; from then on nothing is answered.
#[derive(Debug)]
pub(super) struct Mortal {
    inner: Arc<dyn Backend>,
    left: AtomicUsize,
    last: Last,
    capabilities: Capabilities,
}

impl Mortal {
    /// Lives for ever, and can do only so much.
    pub(super) fn able(inner: Arc<dyn Backend>, capabilities: Capabilities) -> Arc<Self> {
        let left = AtomicUsize::new(usize::MAX);
        Arc::new(Self { inner, left, last: Last::Done, capabilities })
    }

    /// Lives for so many writes more.
    pub(super) fn new(inner: Arc<dyn Backend>, writes: usize, last: Last) -> Arc<Self> {
        let (left, capabilities) = (AtomicUsize::new(writes), inner.capabilities());
        Arc::new(Self { inner, left, last, capabilities })
    }

    pub(super) fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    fn alive(&self) -> Result<()> {
        if self.is_dead() { Err(dead()) } else { Ok(()) }
    }

    /// Does one write, unless dead before or dying over it.
    async fn write<T>(&self, write: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let left =
            self.left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Err(_) => Err(dead()),
            Ok(1) => {
                if self.last == Last::Done {
                    write.await?;
                }
                Err(dead())
            }
            Ok(_) => write.await,
        }
    }
}

fn dead() -> Error {
    Error::new(ErrorKind::Closed, "this store is dead")
}

fn stream<T: Send + 'static>(
    alive: Result<()>,
    stream: impl FnOnce() -> BoxStream<'static, Result<T>>,
) -> BoxStream<'static, Result<T>> {
    match alive {
        Ok(()) => stream(),
        Err(error) => Box::pin(futures_lite::stream::once(Err(error))),
    }
}

impl Backend for Mortal {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(self.write(self.inner.append(append)))
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        Box::pin(self.write(self.inner.delete_stream(delete)))
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        stream(self.alive(), || self.inner.read(read))
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        stream(self.alive(), || self.inner.subscribe(subscribe))
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(async { self.alive().and(self.inner.head().await) })
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        let info = self.inner.stream_info(stream);
        Box::pin(async { self.alive().and(info.await) })
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        self.inner.streams(category)
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        let state = self.inner.state(key);
        Box::pin(async { self.alive().and(state.await) })
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        Box::pin(self.write(self.inner.put_state(put)))
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
