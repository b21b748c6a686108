//! A cluster as one store: each call goes to the next node, and readers first wait until their node
//! knows of everything that was acknowledged.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use annals_cluster::Cluster;
use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Freshness, Node, Position, Read, RecordedEvent, Restore, Result, StateEntry,
    StateKey, StateKind, StatePut, StoreInfo, StoreWork, StreamInfo, StreamName, Subscribe,
};
use futures_lite::{FutureExt, StreamExt, stream};

/// The nodes of a cluster, in turn.
#[derive(Debug)]
pub(crate) struct Turns {
    nodes: Arc<Vec<Cluster>>,
    next: AtomicUsize,
}

impl Turns {
    pub(crate) fn new(nodes: Vec<Cluster>) -> Self {
        Self { nodes: Arc::new(nodes), next: AtomicUsize::new(0) }
    }

    fn node(&self) -> Cluster {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.nodes[next % self.nodes.len()].clone()
    }

    /// The next node, when it knows of everything.
    async fn fresh(&self) -> Result<Cluster> {
        let node = self.node();
        node.catch_up(Freshness::Latest).await?;
        Ok(node)
    }

    fn fresh_stream<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Cluster) -> BoxStream<'static, Result<T>> + Send + 'static,
    ) -> BoxStream<'static, Result<T>> {
        let node = self.node();
        let asked = async move {
            match node.catch_up(Freshness::Latest).await {
                Ok(_) => ask(&node),
                Err(error) => stream::once(Err(error)).boxed(),
            }
        };
        stream::once_future(asked).flatten().boxed()
    }
}

impl Backend for Turns {
    fn capabilities(&self) -> Capabilities {
        self.nodes[0].capabilities()
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        let node = self.node();
        async move { node.append(append).await }.boxed()
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        let node = self.node();
        async move { node.delete_stream(delete).await }.boxed()
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        self.fresh_stream(|node| node.read(read))
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        self.fresh_stream(|node| node.subscribe(subscribe))
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        async move { self.fresh().await?.head().await }.boxed()
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        let stream = stream.clone();
        async move { self.fresh().await?.stream_info(&stream).await }.boxed()
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        self.fresh_stream(|node| node.streams(category))
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        let key = key.clone();
        async move { self.fresh().await?.state(&key).await }.boxed()
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        let node = self.node();
        async move { node.put_state(put).await }.boxed()
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        let prefix = prefix.to_owned();
        self.fresh_stream(move |node| node.states(kind, &prefix))
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        async move { self.fresh().await?.info().await }.boxed()
    }

    fn work(&self) -> Option<StoreWork> {
        self.nodes[0].work()
    }

    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        let node = self.node();
        async move { node.restore(restore).await }.boxed()
    }

    fn catch_up(&self, to: Freshness) -> BoxFuture<'_, Result<Option<Position>>> {
        let node = self.node();
        async move { node.catch_up(to).await }.boxed()
    }

    fn nodes(&self) -> Vec<Node> {
        self.nodes[0].nodes()
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        async move {
            for node in self.nodes.iter() {
                node.close().await?;
            }
            Ok(())
        }
        .boxed()
    }
}
