//! One connection, from the first byte to the last.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use tower::ServiceExt;

use crate::{node::Peer, options::Options, prompt::Prompt, tls::Tls};

/// How much a client may send on one call before it is read.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// How much it may send on all calls of a connection before it is read.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// Serves connections.
///
/// What a call answers waits in that call until its client has read what came before: a client
/// that reads slowly holds up itself, and no other call, connection or writer.
#[derive(Clone)]
pub(crate) struct Connections {
    builder: auto::Builder<TokioExecutor>,
    router: Router,
    tls: Option<Arc<Tls>>,
    head_within: Duration,
}

impl Connections {
    pub(crate) fn new(options: &Options, router: Router, tls: Option<Arc<Tls>>) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(options.calls_per_connection_max)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            // A client that has gone without a word is noticed.
            .keep_alive_interval(Some(Duration::from_secs(10)))
            .keep_alive_timeout(Duration::from_secs(20));
        builder.http1().timer(TokioTimer::new()).header_read_timeout(options.head_within);
        Self { builder, router, tls, head_within: options.head_within }
    }

    /// Serves a connection until it ends, or the server stops and the calls on it are done.
    pub(crate) async fn serve(self, socket: TcpStream, peer: SocketAddr, stops: Watcher) {
        match self.tls.clone() {
            None => self.serve_bytes(socket, peer, stops).await,
            Some(tls) => match tls.accept(socket).await {
                Ok(socket) => self.serve_bytes(socket, peer, stops).await,
                Err(error) => tracing::debug!(%error, "a connection did not come about"),
            },
        }
    }

    /// The same on whatever carries the bytes, once they are no longer encrypted.
    pub(crate) async fn serve_bytes(
        self,
        socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        stops: Watcher,
    ) {
        let calls = self.router.map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            request
        });
        let service = TowerToHyperService::new(calls);
        let socket = TokioIo::new(Prompt::new(socket, self.head_within));
        let connection = self.builder.serve_connection(socket, service);
        if let Err(error) = stops.watch(connection.into_owned()).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
