//! A server's way to a store that others share: it can be cut off, be slow, and tell of nodes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Error, ErrorKind, Freshness, MemoryBackend, Name, Node, Position, Read,
    RecordedEvent, Result, StateEntry, StateKey, StateKind, StatePut, StoreInfo, StreamInfo,
    StreamName, Subscribe, Timestamp,
};
use tokio::sync::watch;

/// The way of one server.
#[derive(Debug)]
pub(crate) struct Door {
    store: Arc<MemoryBackend>,
    is_cut: AtomicBool,
    nodes: Mutex<Vec<Node>>,
    advertised: Mutex<Option<String>>,
    /// Whether checkpoints wait here.
    holds: watch::Sender<bool>,
    /// The last checkpoint that waited, if there was one.
    held: watch::Sender<Option<Held>>,
    /// Whether this way knows of everything.
    is_fresh: watch::Sender<bool>,
    /// How often it was asked for keyed state.
    looks: watch::Sender<u64>,
    /// What it was asked to catch up to.
    asked: watch::Sender<Vec<Freshness>>,
}

/// A checkpoint that waits, or has waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Waits,
    Refused(ErrorKind),
}

impl Door {
    pub(crate) fn to(store: &Arc<MemoryBackend>) -> Self {
        Self {
            store: Arc::clone(store),
            is_cut: AtomicBool::new(false),
            nodes: Mutex::default(),
            advertised: Mutex::default(),
            holds: watch::channel(false).0,
            held: watch::channel(None).0,
            is_fresh: watch::channel(true).0,
            looks: watch::channel(0).0,
            asked: watch::channel(Vec::new()).0,
        }
    }

    /// From now on, or no longer, the store cannot be reached for keyed state.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::SeqCst);
    }

    /// The nodes that it tells of: name, address, whether it is alive. The first is this one.
    pub(crate) fn tell(&self, nodes: &[(&str, String, bool)]) {
        let node = |(index, (name, address, is_alive)): (usize, &(&str, String, bool))| Node {
            name: Name::new((*name).to_owned()).unwrap(),
            is_this: index == 0,
            address: Some(address.clone()),
            heard_at: Timestamp::from_micros(1_700_000_000_000_000),
            is_alive: *is_alive,
            head: None,
            applied: 5,
            behind: 0,
        };
        *self.nodes.lock().unwrap() = nodes.iter().enumerate().map(node).collect();
    }

    /// Where its server says that clients reach it.
    pub(crate) fn advertised(&self) -> Option<String> {
        self.advertised.lock().unwrap().clone()
    }

    /// Checkpoints wait from now on, or no longer.
    pub(crate) fn hold(&self, holds: bool) {
        self.holds.send_replace(holds);
    }

    /// Comes back when a checkpoint waits.
    pub(crate) async fn until_held(&self) {
        let mut held = self.held.subscribe();
        held.wait_for(|held| *held == Some(Held::Waits)).await.unwrap();
    }

    /// How the store refused the checkpoint that had waited.
    pub(crate) async fn refused(&self) -> ErrorKind {
        let mut held = self.held.subscribe();
        match *held.wait_for(|held| matches!(held, Some(Held::Refused(_)))).await.unwrap() {
            Some(Held::Refused(kind)) => kind,
            other => unreachable!("it was waited for: {other:?}"),
        }
    }

    /// From now on, or no longer, others know of more than this way.
    pub(crate) fn lag(&self, lags: bool) {
        self.is_fresh.send_replace(!lags);
    }

    /// Comes back once it was asked for keyed state so often from now on.
    pub(crate) async fn looked(&self, times: u64) {
        let mut looks = self.looks.subscribe();
        let goal = *looks.borrow() + times;
        looks.wait_for(|looks| *looks >= goal).await.unwrap();
    }

    /// Comes back with what it was asked to catch up to, once it was asked so often.
    pub(crate) async fn asked(&self, times: usize) -> Vec<Freshness> {
        let mut asked = self.asked.subscribe();
        asked.wait_for(|asked| asked.len() >= times).await.unwrap().clone()
    }

    fn reach(&self) -> Result<()> {
        if self.is_cut.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable, "the store cannot be reached"));
        }
        Ok(())
    }
}

impl Backend for Door {
    fn capabilities(&self) -> Capabilities {
        Capabilities { store_exclusive: false, ..self.store.capabilities() }
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            let waits = append.checkpoint.is_some() && *self.holds.borrow();
            if waits {
                self.held.send_replace(Some(Held::Waits));
                self.holds.subscribe().wait_for(|holds| !holds).await.unwrap();
            }
            let appended = self.store.append(append).await;
            if let (true, Err(error)) = (waits, &appended) {
                self.held.send_replace(Some(Held::Refused(error.kind())));
            }
            appended
        })
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        let key = key.clone();
        Box::pin(async move {
            self.looks.send_modify(|looks| *looks += 1);
            self.reach()?;
            self.store.state(&key).await
        })
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            self.reach()?;
            self.store.put_state(put).await
        })
    }

    fn catch_up(&self, to: Freshness) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(async move {
            self.asked.send_modify(|asked| asked.push(to));
            self.is_fresh.subscribe().wait_for(|is_fresh| *is_fresh).await.unwrap();
            self.store.catch_up(to).await
        })
    }

    fn nodes(&self) -> Vec<Node> {
        self.nodes.lock().unwrap().clone()
    }

    fn advertise(&self, address: &str) {
        *self.advertised.lock().unwrap() = Some(address.to_owned());
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        self.store.delete_stream(delete)
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

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        self.store.states(kind, prefix)
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        self.store.info()
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.store.close()
    }
}
