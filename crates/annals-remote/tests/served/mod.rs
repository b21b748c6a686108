//! Servers of this process, each on a port of this machine.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::{net::SocketAddr, sync::Arc, thread::JoinHandle};

use annals_core::Backend;
use annals_server::{Options, Server};
use futures_lite::future::{self, block_on};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    kill: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Runtime>>,
    store: Arc<dyn Backend>,
}

impl Running {
    /// Serves a store at an address; port 0 takes a free one.
    pub(crate) fn start(store: Arc<dyn Backend>, listen: SocketAddr) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (kill, killed) = oneshot::channel::<()>();
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let options = Options { listen, ..Options::default() };
        let server = runtime.block_on(Server::bind(Arc::clone(&store), options)).unwrap();
        let address = server.address();
        let thread = std::thread::spawn(move || {
            let run = server.run(async { drop(stopped.await) });
            runtime.block_on(future::or(run, async { drop(killed.await) }));
            runtime
        });
        let (stop, kill) = (Some(stop), Some(kill));
        Self { address, stop, kill, thread: Some(thread), store }
    }

    /// Ends it in the middle of whatever it does. The store is closed, so that it can be opened
    /// again.
    pub(crate) fn kill(mut self) {
        drop(self.kill.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().shutdown_background();
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the server.
    pub(crate) fn url(&self) -> String {
        format!("annals://{}?tls=false", self.address)
    }
}

impl Drop for Running {
    /// Stops it in good order, and closes its store.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join().unwrap());
        }
        block_on(self.store.close()).unwrap();
    }
}
