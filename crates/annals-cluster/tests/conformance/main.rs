//! The conformance suite on clusters: two nodes, with writes going to them in turn.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    num::NonZeroU32,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use annals_cluster::{
    Cluster, Genesis, Settings, begin,
    log::{MemoryLog, OrderedLog},
};
use annals_core::{Backend, Clock, Result};
use annals_testkit::{Harness, Place};
use futures_lite::future::block_on;
use jetstream::OnJetStream;
use tempfile::TempDir;
use turns::Turns;

mod jetstream;
mod turns;

/// Far more than a command takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nodes on a log in memory.
#[derive(Debug, Clone, Copy)]
struct OnMemory;

/// Room for one cluster.
#[derive(Debug)]
struct Room {
    log: Arc<dyn OrderedLog>,
    folders: [TempDir; 2],
    clock: Arc<dyn Clock>,
    /// Closed before the cluster is opened again.
    nodes: Mutex<Vec<Cluster>>,
}

impl Harness for OnMemory {
    fn name(&self) -> &'static str {
        "cluster-memory"
    }

    fn weight(&self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(7)
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        Ok(Box::new(Room::new(Arc::new(MemoryLog::new()), clock)?))
    }
}

impl Room {
    fn new(log: Arc<dyn OrderedLog>, clock: Arc<dyn Clock>) -> Result<Self> {
        block_on(begin(log.as_ref(), &Genesis::new()))?;
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        Ok(Self { log, folders, clock, nodes: Mutex::default() })
    }

    fn node(&self, folder: &TempDir) -> Result<Cluster> {
        let settings = Settings {
            store: "conformance".to_owned(),
            dir: folder.path().join("node"),
            name: None,
            timeout: PATIENCE,
            clock: Some(Arc::clone(&self.clock)),
            progress: None,
        };
        block_on(Cluster::start(Arc::clone(&self.log), settings))
    }
}

impl Place for Room {
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let mut nodes = self.nodes.lock().unwrap();
        for node in nodes.drain(..) {
            block_on(node.close())?;
        }
        *nodes = self.folders.iter().map(|folder| self.node(folder)).collect::<Result<_>>()?;
        Ok(Arc::new(Turns::new(nodes.clone())))
    }
}

fn main() -> ExitCode {
    // Real servers show all that a log in memory does.
    match OnJetStream.missing() {
        None => annals_testkit::run(vec![Box::new(OnJetStream)]),
        Some(_) => annals_testkit::run(vec![Box::new(OnMemory), Box::new(OnJetStream)]),
    }
}
