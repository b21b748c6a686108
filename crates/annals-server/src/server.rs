//! A server: binding its port, accepting connections, and stopping in good order.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use annals_core::{Backend, Error, ErrorKind, Result};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    time::{self, MissedTickBehavior},
};

use crate::{
    http,
    metrics::One,
    node::Node,
    options::Options,
    room::Room,
    stopping::{self, Stop},
};

/// A server that has its port and waits to be run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    node: Arc<Node>,
    stop: Stop,
}

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
    /// `Unavailable` when the address cannot be listened on.
    pub async fn bind(store: Arc<dyn Backend>, options: Options) -> Result<Self> {
        let refused = |error: io::Error| {
            let why = format!("`{}` cannot be listened on", options.listen);
            Error::new(ErrorKind::Unavailable, why).caused_by(error)
        };
        let listener = TcpListener::bind(options.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (stop, stopping) = stopping::pair();
        let node = Arc::new(Node::new(store, options, address, stopping));
        Ok(Self { listener, node, stop })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.node.address
    }

    /// Serves until `until` is done; then takes nothing new, ends subscriptions with a word to
    /// their clients, and gives calls that are under way the time that the options say.
    ///
    /// Meanwhile the port stays open, for those who ask whether the server is ready: it is not.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let connections = GracefulShutdown::new();
        tokio::select! {
            () = self.accept(&connections) => {}
            () = until => {}
        }
        self.stop.begin();
        let drain = self.node.options.drain;
        let late = GracefulShutdown::new();
        tokio::select! {
            () = self.accept(&late) => {}
            drained = time::timeout(drain, connections.shutdown()) => if drained.is_err() {
                tracing::warn!("connections were still busy after {drain:?} and are closed");
            }
        }
    }

    async fn accept(&self, connections: &GracefulShutdown) {
        let mut room = Room::for_connections(self.node.options.connections_max);
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
        let router = http::router(&self.node);
        let mut pause = time::interval(ACCEPT_PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let Ok(permit) = room.place().await {
            let socket = match self.listener.accept().await {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    pause.tick().await;
                    continue;
                }
            };
            // Small messages are sent at once; without it they are only slower.
            drop(socket.set_nodelay(true));
            let service = TowerToHyperService::new(router.clone());
            let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
            let connection = connections.watch(connection);
            let one = One::of(&self.node.metrics.connections);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended early");
                }
                drop((permit, one));
            });
        }
    }
}
