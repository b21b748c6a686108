//! A node as a [`Backend`]: writes go through the log, reads are local.

use std::sync::Arc;

use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, Clock, DeleteStream,
    Deleted, Delivery, Error, ErrorKind, Freshness, Node as NodeInfo, Position, Read,
    RecordedEvent, Restore, Result, StateEntry, StateKey, StateKind, StatePut, StoreInfo,
    StoreWork, StreamInfo, StreamName, Subscribe,
};
use annals_engine::{Command, Outcome};

use crate::{
    log::{JetStreamLog, OrderedLog},
    node::{Identity, Node, Progress, Settings},
    threads::Threads,
    url::Target,
};

/// What a node is opened with, besides what its URL says.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Told how far the node is while it catches up with the log.
    pub progress: Option<Progress>,
    /// See [`Settings::clock`].
    pub clock: Option<Arc<dyn Clock>>,
}

/// A node of a cluster, as a store. Clones share it; the node is closed with the last one.
#[derive(Debug, Clone)]
pub struct Cluster {
    node: Arc<Node>,
}

impl Cluster {
    /// Opens the node that a URL names: connects to NATS, and goes on as [`start`](Self::start)
    /// does.
    ///
    /// # Errors
    /// `InvalidArgument` for a URL without `dir`; those of connecting and starting.
    pub async fn open_target(target: &Target, options: Options) -> Result<Self> {
        let Some(dir) = target.dir() else {
            return Err(Error::invalid(
                "the URL does not say where this node keeps its data; add `?dir=FOLDER` to it",
            ));
        };
        let settings = Settings {
            store: target.store().as_str().to_owned(),
            dir: dir.to_owned(),
            name: target.node().map(str::to_owned),
            timeout: target.timeout(),
            clock: options.clock,
            progress: options.progress,
        };
        let threads = Threads::start()?;
        let (target, node) = (target.clone(), settings.name.clone());
        let connected = threads.handle().spawn(async move {
            JetStreamLog::connect(&target, node.as_deref().unwrap_or("node")).await
        });
        let log = connected.await.map_err(interrupted)??;
        Self::start_on(threads, Arc::new(log), settings).await
    }

    /// Starts a node on a log, and waits until it has applied what the log has.
    ///
    /// # Errors
    /// `InvalidArgument` when the log was never begun or the folder holds something else;
    /// `Corrupted` when the log is not the one that the node has applied, or has lost entries that
    /// it has applied; `Unsupported` when the log needs a newer version of Annals; `Unavailable`
    /// when another process has the folder, there is no space, or the log is away.
    pub async fn start(log: Arc<dyn OrderedLog>, settings: Settings) -> Result<Self> {
        Self::start_on(Threads::start()?, log, settings).await
    }

    async fn start_on(
        threads: Threads,
        log: Arc<dyn OrderedLog>,
        settings: Settings,
    ) -> Result<Self> {
        // On the log's own runtime, whatever runs the caller.
        let handle = threads.handle().clone();
        let started = handle.spawn(Node::start(log, settings, threads));
        let node = started.await.map_err(interrupted)??;
        Ok(Self { node: Arc::new(node) })
    }

    /// Who this node is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.node.identity()
    }

    /// The last entry of the log that this node has applied.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.node.status().applied()
    }

    /// Why this node applies nothing, when that is so.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        self.node.status().trouble()
    }
}

fn interrupted(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Internal, "starting the node was interrupted").caused_by(error)
}

/// The log answered another kind of command than was sent.
fn crossed() -> Error {
    Error::new(ErrorKind::Internal, "an answer belongs to another kind of command")
}

impl Backend for Cluster {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            store_durable: true,
            append_multi_stream: true,
            append_conditions: true,
            store_exclusive: false,
            position_dense: true,
            store_restore: true,
            projection_inline: false,
        }
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            append.check()?;
            match self.node.propose(Command::Append(append)).await? {
                Outcome::Appended(appended) => Ok(appended),
                _ => Err(crossed()),
            }
        })
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        Box::pin(async move {
            match self.node.propose(Command::Delete(delete)).await? {
                Outcome::Deleted(deleted) => Ok(deleted),
                _ => Err(crossed()),
            }
        })
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        self.node.engine().read(read)
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        self.node.engine().subscribe(subscribe)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        self.node.engine().head()
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        self.node.engine().stream_info(stream)
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        self.node.engine().streams(category)
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        self.node.engine().state(key)
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            put.check()?;
            match self.node.propose(Command::PutState(put)).await? {
                Outcome::Put { revision } => Ok(revision),
                _ => Err(crossed()),
            }
        })
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        self.node.engine().states(kind, prefix)
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        Box::pin(async move {
            let info = self.node.engine().info().await?;
            Ok(StoreInfo { backend: "cluster", ..info })
        })
    }

    fn work(&self) -> Option<StoreWork> {
        let own = self.node.engine().work()?;
        let commit_appends = self.node.counts().batch_commands.spread();
        let log = Some(self.node.log_work());
        Some(StoreWork { queued: self.node.waiting(), commit_appends, log, ..own })
    }

    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            restore.check_size()?;
            match self.node.propose(Command::Restore(restore)).await? {
                Outcome::Restored | Outcome::AppliedBefore => Ok(()),
                _ => Err(crossed()),
            }
        })
    }

    fn catch_up(&self, to: Freshness) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(self.node.catch_up(to))
    }

    fn nodes(&self) -> Vec<NodeInfo> {
        self.node.nodes()
    }

    fn advertise(&self, address: &str) {
        self.node.advertise(address);
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.node.close()
    }
}
