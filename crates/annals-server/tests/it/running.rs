//! A server for one test, and a connection to it.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use annals_core::{
    Append, Backend, EventType, ExpectedVersion, MemoryBackend, Metadata, NewEvent, StreamName,
};
use annals_server::{Options, Server};
use http::{Request, Response, Uri};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};
use tonic::body::Body;
use tower::Service;

/// A server over a store in memory, which stops when it is dropped.
pub(crate) struct Running {
    pub(crate) store: Arc<MemoryBackend>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::over(Arc::new(MemoryBackend::new())).await
    }

    /// A server over a store that may have something in it.
    pub(crate) async fn over(store: Arc<MemoryBackend>) -> Self {
        let backend: Arc<dyn Backend> = Arc::clone(&store) as _;
        Self::through(store, backend, Options::default()).await
    }

    /// A server that reaches its store through something else, on a port of its own.
    pub(crate) async fn through(
        store: Arc<MemoryBackend>,
        backend: Arc<dyn Backend>,
        options: Options,
    ) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = Options { listen, ..options };
        let server = Server::bind(backend, options).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(server.run(async move { drop(stopped.await) }));
        Self { store, address, stop, server }
    }

    /// Stops the server in good order, and gives its store.
    pub(crate) async fn stop(self) -> Arc<MemoryBackend> {
        drop(self.stop);
        self.server.await.unwrap();
        self.store
    }

    /// Where the calls of a client go.
    pub(crate) fn origin(&self) -> Uri {
        format!("http://{}", self.address).parse().unwrap()
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> Channel {
        let socket = TokioIo::new(TcpStream::connect(self.address).await.unwrap());
        let (sender, connection) = http2::handshake(TokioExecutor::new(), socket).await.unwrap();
        tokio::spawn(connection);
        Channel(sender)
    }

    /// What is answered to a request of HTTP, head and all.
    pub(crate) async fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        socket.read_to_string(&mut text).await.unwrap();
        text
    }

    /// Comes back when the server has ended by itself.
    pub(crate) async fn ended(self) {
        self.server.await.unwrap();
    }

    /// Appends events to a stream, one of each type.
    pub(crate) async fn append(&self, stream: &str, types: &[&str]) {
        let events = types.iter().map(|name| event(name, "")).collect::<Vec<_>>();
        let append = Append::to(name(stream), ExpectedVersion::Any, events);
        self.store.append(append).await.unwrap();
    }
}

/// The name of a stream.
pub(crate) fn name(stream: &str) -> StreamName {
    StreamName::new(stream.to_owned()).unwrap()
}

/// An event with these metadata.
pub(crate) fn event(event_type: &str, metadata: &str) -> NewEvent {
    NewEvent::new(EventType::new(event_type.to_owned()).unwrap(), "{}")
        .with_metadata(Metadata::new(metadata.to_owned()))
}

/// One connection, for the generated clients.
#[derive(Clone)]
pub(crate) struct Channel(http2::SendRequest<Body>);

impl Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, hyper::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

/// A connection whose calls go to another path, from the one prefix to the other.
#[derive(Clone)]
pub(crate) struct Moved {
    pub(crate) channel: Channel,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
}

impl Service<Request<Body>> for Moved {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = <Channel as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let uri = request.uri().to_string().replace(self.from, self.to);
        *request.uri_mut() = uri.parse().unwrap();
        self.channel.call(request)
    }
}
