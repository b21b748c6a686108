//! A store that nodes of a cluster keep together, each in a folder of its own, with its log in a
//! NATS that runs already.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use annals::{
    Backend, Clock,
    cluster::{
        Cluster, Genesis, Options, begin,
        log::JetStreamLog,
        setup::{Replicas, Setup, init},
        url::Target,
    },
};
use futures_lite::future::block_on;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Far more than a write takes on a busy machine.
const TIMEOUT: &str = "60s";

/// Where what is no node's runs.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// A store of one test: its log bears the name of the folder that has the folders of its nodes.
#[derive(Debug)]
pub(crate) struct Clustered {
    servers: String,
    folder: PathBuf,
    /// Removed with this value.
    _own: Option<TempDir>,
}

impl Clustered {
    /// A new store on servers such as `nats://127.0.0.1:4222`.
    pub(crate) fn on(servers: &str) -> Self {
        let own = tempfile::Builder::new().prefix("framework-").tempdir().unwrap();
        let store = Self::found(servers, own.path());
        let store = Self { _own: Some(own), ..store };
        store.begin();
        store
    }

    /// The store of a folder, which another process has begun.
    pub(crate) fn found(servers: &str, folder: &Path) -> Self {
        Self { servers: servers.to_owned(), folder: folder.to_owned(), _own: None }
    }

    /// Where the folders of the nodes are, and whatever else belongs to the store.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens the first node.
    pub(crate) fn open(&self, clock: Option<Arc<dyn Clock>>) -> Arc<dyn Backend> {
        self.node(0, clock)
    }

    /// Opens a second node beside the first.
    pub(crate) fn another(&self) -> Arc<dyn Backend> {
        self.node(1, None)
    }

    fn node(&self, node: usize, clock: Option<Arc<dyn Clock>>) -> Arc<dyn Backend> {
        let options = Options { clock, ..Options::default() };
        Arc::new(block_on(Cluster::open_target(&self.target(node), options)).unwrap())
    }

    fn target(&self, node: usize) -> Target {
        let store = self.folder.file_name().unwrap().to_str().unwrap();
        let dir = self.folder.join(format!("node-{node}"));
        let url = format!("{}/{store}?dir={}&timeout={TIMEOUT}", self.servers, dir.display());
        url.parse().unwrap()
    }

    fn begin(&self) {
        let target = self.target(0);
        RUNTIME.block_on(async {
            let setup = Setup { replicas: Replicas::One, bytes_max: None };
            init(&target, &setup).await.unwrap();
            let log = JetStreamLog::connect(&target, "framework").await.unwrap();
            begin(&log, &Genesis::new()).await.unwrap();
        });
    }
}
