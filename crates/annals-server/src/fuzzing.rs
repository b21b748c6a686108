//! A server without a port, for fuzzers. Not part of the interface: it may change any day.
//!
//! Requests go to the routes that connections get, and bytes to what serves a connection; only the
//! socket and its encryption are not there.

use std::{fmt, sync::Arc};

use annals_core::{Backend, Result};
use axum::{Router, body::Body};
use http::{Request, Response};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt;

use crate::{
    Options,
    connection::Connections,
    http as routes,
    kurrent::persistent::fence::Right,
    node::Node,
    stopping::{self, Stop},
};

/// A server without a port.
pub struct Portless {
    node: Arc<Node>,
    router: Router,
    connections: Connections,
    running: GracefulShutdown,
    stop: Stop,
}

impl fmt::Debug for Portless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portless").field("node", &self.node).finish_non_exhaustive()
    }
}

impl Portless {
    /// Over a store; with authentication, without making first users.
    ///
    /// # Errors
    /// Those of reading the store, and a file of API keys.
    pub async fn over(store: Arc<dyn Backend>, options: Options) -> Result<Self> {
        let (stop, stopping) = stopping::pair();
        let address = options.listen;
        let node = Arc::new(Node::new(store, options, address, stopping)?);
        node.persistent.lead(Right::Sole).await?;
        let router = routes::router(&node);
        let connections = Connections::new(&node.options, router.clone(), None);
        Ok(Self { node, router, connections, running: GracefulShutdown::new(), stop })
    }

    /// Answers one request.
    pub async fn call(&self, request: Request<Body>) -> Response<Body> {
        match self.router.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }

    /// Serves one connection, until it ends.
    pub fn serve(
        &self,
        socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let peer = self.node.address;
        self.connections.clone().serve_bytes(socket, peer, self.running.watcher())
    }

    /// Ends everything that runs beside the calls.
    pub async fn stop(self) {
        self.stop.begin();
        self.running.shutdown().await;
        self.node.persistent.stop().await;
    }
}
