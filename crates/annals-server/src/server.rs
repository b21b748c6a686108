//! A server: binding its port, accepting connections, and stopping in good order.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use annals_core::{Backend, Error, ErrorKind, Result};
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{self, MissedTickBehavior},
};

use tower::ServiceExt;

use crate::{
    http::router,
    node::{Node, Peer},
    options::Options,
    stopping::{self, Stop},
};

/// A server that has its port and waits to be run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    node: Arc<Node>,
    stop: Stop,
}

/// How long calls that are under way may go on once the server stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How often accepting is tried when the process has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How much a client may send on one call before it is read.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// How much it may send on all calls of a connection before it is read.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// `Unavailable` when the address cannot be listened on; what reading the persistent
    /// subscriptions of the store met.
    pub async fn bind(store: Arc<dyn Backend>, options: Options) -> Result<Self> {
        let refused = |error: io::Error| {
            let why = format!("`{}` cannot be listened on", options.listen);
            Error::new(ErrorKind::Unavailable, why).caused_by(error)
        };
        let listener = TcpListener::bind(options.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (stop, stopping) = stopping::pair();
        let node = Arc::new(Node::new(store, options, address, stopping));
        node.persistent.load().await?;
        Ok(Self { listener, node, stop })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.node.address
    }

    /// Serves until `until` is done, or a client with the right to it asks for the end; then takes nothing new, ends subscriptions with a word to
    /// their clients, and gives calls that are under way ten seconds.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let connections = GracefulShutdown::new();
        tokio::select! {
            () = self.accept(&connections) => {}
            () = until => {}
            () = self.node.shutdown.notified() => {}
        }
        self.stop.begin();
        drop(self.listener);
        if time::timeout(DRAIN, connections.shutdown()).await.is_err() {
            tracing::warn!("connections were still busy after {DRAIN:?} and are closed");
        }
        self.node.persistent.stop().await;
    }

    async fn accept(&self, connections: &GracefulShutdown) {
        let room = Arc::new(Semaphore::new(self.node.options.connections_max));
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.node.options.calls_per_connection_max)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            // A client that has gone without a word is noticed.
            .keep_alive_interval(Some(Duration::from_secs(10)))
            .keep_alive_timeout(Duration::from_secs(20));
        builder.http1().timer(TokioTimer::new());
        let router = router(&self.node);
        let mut pause = time::interval(ACCEPT_PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
            let (socket, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    pause.tick().await;
                    continue;
                }
            };
            // Small messages are sent at once; without it they are only slower.
            drop(socket.set_nodelay(true));
            let calls = router.clone().map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer));
                request
            });
            let service = TowerToHyperService::new(calls);
            let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended early");
                }
                drop(permit);
            });
        }
    }
}
