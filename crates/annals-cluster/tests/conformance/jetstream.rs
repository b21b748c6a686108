//! Nodes on a log in JetStream, on three servers that all the cases share.

use std::{
    num::NonZeroU32,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use annals_cluster::{
    Cluster, Genesis, Options, begin,
    log::JetStreamLog,
    setup::{Replicas, Setup, init},
    url::Target,
};
use annals_core::{Backend, Clock, Result};
use annals_testbed::nats;
use annals_testkit::{Harness, Place};
use futures_lite::future::block_on;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::turns::Turns;

/// The servers of this process.
static SERVERS: LazyLock<nats::Cluster> =
    LazyLock::new(|| nats::Cluster::start(&nats::Options::default()).unwrap());
/// Where what is no node's runs.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
/// How many stores were made.
static STORES: AtomicU32 = AtomicU32::new(0);

/// Nodes on a log in JetStream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnJetStream;

/// Room for one cluster.
#[derive(Debug)]
struct Room {
    store: String,
    folders: [TempDir; 2],
    clock: Arc<dyn Clock>,
    /// Closed before the cluster is opened again.
    nodes: Mutex<Vec<Cluster>>,
}

impl Harness for OnJetStream {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn missing(&self) -> Option<String> {
        nats::Installation::find().err()
    }

    fn weight(&self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(59)
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        let store = format!("store-{}", STORES.fetch_add(1, Ordering::Relaxed));
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let room = Room { store, folders, clock, nodes: Mutex::default() };
        let target = room.target(0);
        let begun = RUNTIME.spawn(async move {
            init(&target, &Setup { replicas: Replicas::Three, bytes_max: None }).await?;
            let log = JetStreamLog::connect(&target, "test").await?;
            begin(&log, &Genesis::new()).await
        });
        block_on(begun).unwrap()?;
        Ok(Box::new(room))
    }
}

impl Room {
    fn target(&self, node: usize) -> Target {
        let hosts: Vec<_> = SERVERS.urls().iter().map(|url| url.replace("nats://", "")).collect();
        let dir = self.folders[node].path().join("node");
        let url =
            format!("nats://{}/{}?dir={}&timeout=60s", hosts.join(","), self.store, dir.display());
        url.parse().unwrap()
    }

    fn node(&self, node: usize) -> Result<Cluster> {
        let options = Options { clock: Some(Arc::clone(&self.clock)), ..Options::default() };
        block_on(Cluster::open_target(&self.target(node), options))
    }
}

impl Place for Room {
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let mut nodes = self.nodes.lock();
        for node in nodes.drain(..) {
            block_on(node.close())?;
        }
        *nodes = (0..2).map(|node| self.node(node)).collect::<Result<_>>()?;
        Ok(Arc::new(Turns::new(nodes.clone())))
    }
}
