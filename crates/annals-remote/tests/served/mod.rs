//! Stores behind servers of this process, each on a free port of this machine.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use annals_core::{Backend, Clock, MemoryBackend, Result};
use annals_engine::{Embedded, Options as EngineOptions};
use annals_remote::{Options, Remote};
use annals_server::{Options as ServerOptions, Server};
use annals_testkit::{Harness, Place};
use futures_lite::future::block_on;
use tempfile::TempDir;
use tokio::{runtime::Builder, sync::oneshot};

/// What a server has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behind {
    Memory,
    Folder,
}

#[derive(Debug)]
pub(crate) struct Served(pub(crate) Behind);

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Serves a store at an address; port 0 takes a free one.
    pub(crate) fn start(store: Arc<dyn Backend>, listen: SocketAddr) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let options = ServerOptions { listen, ..ServerOptions::default() };
        let server = runtime.block_on(Server::bind(Arc::clone(&store), options)).unwrap();
        let address = server.address();
        let thread = std::thread::spawn(move || {
            runtime.block_on(server.run(async { drop(stopped.await) }));
            block_on(store.close()).unwrap();
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// The URL of the server.
    pub(crate) fn url(&self) -> String {
        format!("annals://{}?tls=false", self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Room for one store with the server in front of it.
#[derive(Debug)]
struct Room {
    /// Stopped before the folder is removed.
    running: Mutex<Option<Running>>,
    folder: Option<TempDir>,
    clock: Arc<dyn Clock>,
}

impl Harness for Served {
    fn name(&self) -> &'static str {
        match self.0 {
            Behind::Memory => "served-memory",
            Behind::Folder => "served-embedded",
        }
    }

    fn weight(&self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(3)
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        let folder = match self.0 {
            Behind::Memory => None,
            Behind::Folder => Some(tempfile::tempdir().unwrap()),
        };
        Ok(Box::new(Room { running: Mutex::new(None), folder, clock }))
    }
}

impl Place for Room {
    /// Whatever server there was is stopped first, and its store closed.
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let mut running = self.running.lock().unwrap();
        drop(running.take());
        let clock = Arc::clone(&self.clock);
        let store: Arc<dyn Backend> = match &self.folder {
            None => Arc::new(MemoryBackend::with_clock(clock)),
            Some(folder) => {
                let options = EngineOptions { clock, ..EngineOptions::default() };
                Arc::new(Embedded::open(folder.path(), options)?)
            }
        };
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let url = running.insert(Running::start(store, free)).url();
        Ok(Arc::new(block_on(Remote::open(&url, Options::default()))?))
    }
}
