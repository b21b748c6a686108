//! A store in a folder that a server of this process has, and is reached over the wire.

use std::{
    fmt,
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use annals::engine::{Embedded, Options};
use annals::{Backend, Clock, remote};
use annals_server::{Options as ServerOptions, Server};
use futures_lite::future::block_on;

/// A folder with the server in front of it. The server ends before the folder goes.
#[derive(Debug, Default)]
pub(crate) struct Served {
    running: Mutex<Option<Running>>,
    folder: Folder,
}

#[derive(Debug)]
struct Folder(tempfile::TempDir);

struct Running {
    stop: async_channel::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Stops what server there was, and opens the store through a new one.
    pub(crate) fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Backend> {
        let mut running = self.running.lock().unwrap();
        drop(running.take());
        let options = Options { clock, ..Options::default() };
        let store = Arc::new(Embedded::open(self.folder.0.path(), options).unwrap());
        let (server, url) = Running::start(store);
        *running = Some(server);
        Arc::new(block_on(remote::Remote::open(&url, remote::Options::default())).unwrap())
    }
}

impl Running {
    fn start(store: Arc<dyn Backend>) -> (Self, String) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let listen = ([127, 0, 0, 1], 0).into();
        let options = ServerOptions { listen, ..ServerOptions::default() };
        let server = runtime.block_on(Server::bind(Arc::clone(&store), options)).unwrap();
        let url = format!("annals://{}?tls=false", server.address());
        let (stop, stopped) = async_channel::bounded(1);
        let thread = std::thread::spawn(move || {
            // Nothing is sent: the other end is closed.
            runtime.block_on(server.run(async { assert!(stopped.recv().await.is_err()) }));
            drop(runtime);
            block_on(store.close()).unwrap();
        });
        (Self { stop, thread: Some(thread) }, url)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.close();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
