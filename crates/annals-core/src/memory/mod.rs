//! The in-memory backend: the reference the others are compared with.
//!
//! It is written to be obviously right rather than fast: one lock, events in a vector, queries
//! by looking at every event. Nothing survives the process.

mod follow;
mod restore;
mod store;
mod write;

use std::{fmt, sync::Arc};

use event_listener::Event;
use futures_lite::stream;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, Clock, DeleteStream,
    Deleted, Delivery, Error, ErrorKind, Position, Read, RecordedEvent, Restore, Result,
    StateEntry, StateKey, StateKind, StatePut, StoreInfo, StreamInfo, StreamName, Subscribe,
    SystemClock,
};
use store::Store;

/// A store in memory. Clones share it.
#[derive(Clone)]
pub struct MemoryBackend {
    shared: Arc<Shared>,
}

struct Shared {
    store: Mutex<Store>,
    changed: Event,
    clock: Arc<dyn Clock>,
}

impl MemoryBackend {
    /// An empty store with the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// An empty store with a clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let store = Mutex::new(Store::default());
        Self { shared: Arc::new(Shared { store, changed: Event::new(), clock }) }
    }

    /// Changes the store and wakes the subscriptions.
    fn change<T>(&self, edit: impl FnOnce(&mut Store, &dyn Clock) -> Result<T>) -> Result<T> {
        let done = edit(&mut *self.shared.open_store()?, self.shared.clock.as_ref());
        self.shared.changed.notify(usize::MAX);
        done
    }

    fn look<T>(&self, look: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
        look(&*self.shared.open_store()?)
    }
}

impl Shared {
    /// The store, unless it is closed.
    fn open_store(&self) -> Result<MutexGuard<'_, Store>> {
        let store = self.lock();
        if store.is_closed {
            return Err(Error::new(ErrorKind::Closed, "the store is closed"));
        }
        Ok(store)
    }

    /// A panic elsewhere cannot leave the store half changed: every change validates first and
    /// then only pushes.
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBackend").finish_non_exhaustive()
    }
}

/// A finished answer as a future.
fn ready<T: Send + 'static>(answer: Result<T>) -> BoxFuture<'static, Result<T>> {
    Box::pin(std::future::ready(answer))
}

/// A finished list as a stream.
fn listed<T: Send + 'static>(list: Result<Vec<T>>) -> BoxStream<'static, Result<T>> {
    match list {
        Ok(items) => Box::pin(stream::iter(items.into_iter().map(Ok))),
        Err(error) => Box::pin(stream::once(Err(error))),
    }
}

impl Backend for MemoryBackend {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            store_durable: false,
            append_multi_stream: true,
            append_conditions: true,
            store_exclusive: true,
            position_dense: true,
            store_restore: true,
            projection_inline: false,
        }
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        ready(self.change(|store, clock| store.append(append, clock.now())))
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        ready(self.change(|store, clock| store.delete(&delete, clock.now())))
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        let now = self.shared.clock.now();
        listed(self.look(|store| match &read {
            Read::Stream(read) => store.read_stream(read, now),
            Read::All(read) => Ok(store.read_all(read)),
        }))
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        crate::follow(Arc::clone(&self.shared), subscribe)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        ready(self.look(|store| Ok(store.newest())))
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        ready(self.look(|store| Ok(store.stream_info(stream))))
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        listed(self.look(|store| Ok(store.streams(category.as_ref()))))
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        ready(self.look(|store| Ok(store.state(key).cloned())))
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        ready(self.change(|store, clock| store.put_state(put, clock.now())))
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        listed(self.look(|store| Ok(store.states(kind, prefix))))
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        ready(self.look(|store| Ok(store.info())))
    }

    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        ready(self.change(|store, _| store.restore(restore)))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify(usize::MAX);
        ready(Ok(()))
    }
}
