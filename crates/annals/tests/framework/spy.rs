//! A store that notes what it is asked, and lets somebody else act at a chosen moment.

use std::sync::{Arc, Mutex};

use annals::*;

type Meanwhile = Box<dyn FnMut(&dyn Backend) + Send>;
type Notice = Box<dyn Fn() + Send>;

/// Passes everything on to another store.
pub(crate) struct Spy {
    inner: Arc<dyn Backend>,
    reads: Mutex<Vec<Read>>,
    before_append: Mutex<Option<Meanwhile>>,
    state_refused: Mutex<Option<Notice>>,
}

impl Spy {
    pub(crate) fn on(inner: &Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self {
            inner: inner.clone(),
            reads: Mutex::default(),
            before_append: Mutex::default(),
            state_refused: Mutex::default(),
        })
    }

    /// From now on keyed state can be neither read nor written.
    pub(crate) fn refuse_state(&self, notice: impl Fn() + Send + 'static) {
        *self.state_refused.lock().unwrap() = Some(Box::new(notice));
    }

    fn check_state(&self) -> Result<()> {
        match self.state_refused.lock().unwrap().as_ref() {
            Some(notice) => {
                notice();
                Err(Error::new(ErrorKind::Unavailable, "no state today"))
            }
            None => Ok(()),
        }
    }

    /// What somebody else does right before every append from now on.
    pub(crate) fn before_append(&self, act: impl FnMut(&dyn Backend) + Send + 'static) {
        *self.before_append.lock().unwrap() = Some(Box::new(act));
    }

    /// The reads since the last time this was asked.
    pub(crate) fn take_reads(&self) -> Vec<Read> {
        std::mem::take(&mut self.reads.lock().unwrap())
    }

    /// The stretches of streams among them: from and to.
    pub(crate) fn take_stretches(&self) -> Vec<(Option<u64>, Option<u64>)> {
        let number = |version: Option<Version>| version.map(Version::get);
        let reads = self.take_reads().into_iter();
        reads
            .filter_map(|read| match read {
                Read::Stream(read) => Some((number(read.from), number(read.to))),
                Read::All(_) => None,
            })
            .collect()
    }
}

impl std::fmt::Debug for Spy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spy").finish_non_exhaustive()
    }
}

impl Backend for Spy {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        // Taken out meanwhile, so that what it does may append too.
        let act = self.before_append.lock().unwrap().take();
        if let Some(mut act) = act {
            act(self.inner.as_ref());
            self.before_append.lock().unwrap().get_or_insert(act);
        }
        self.inner.append(append)
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        self.inner.delete_stream(delete)
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        self.reads.lock().unwrap().push(read.clone());
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
        match self.check_state() {
            Ok(()) => self.inner.state(key),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        match self.check_state() {
            Ok(()) => self.inner.put_state(put),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
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

/// The same store, without tags and append conditions.
#[derive(Debug)]
pub(crate) struct Plain(pub(crate) Arc<Spy>);

impl Backend for Plain {
    fn capabilities(&self) -> Capabilities {
        Capabilities { append_conditions: false, ..self.0.capabilities() }
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        assert!(append.conditions.is_empty(), "this store has no conditions");
        self.0.append(append)
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        self.0.delete_stream(delete)
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        self.0.read(read)
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        self.0.subscribe(subscribe)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        self.0.head()
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        self.0.stream_info(stream)
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        self.0.streams(category)
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        self.0.state(key)
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        self.0.put_state(put)
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        self.0.states(kind, prefix)
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        self.0.info()
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.0.close()
    }
}
