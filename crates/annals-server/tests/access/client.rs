//! A client of gRPC and HTTP over one connection, with or without encryption.

use std::{
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use annals_proto::kurrentdb::{
    gossip::gossip_client::GossipClient, streams::streams_client::StreamsClient,
    users::users_client::UsersClient,
};
use futures_util::future::{BoxFuture, FutureExt};
use http::{HeaderValue, Request, Response, Uri, header};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::body::Body;

/// One connection, and the credentials that are sent with every call on it.
#[derive(Clone)]
pub(crate) struct Client {
    sender: http2::SendRequest<Body>,
    authorization: Option<HeaderValue>,
}

/// How much the server may send on one call before it is read, in bytes.
pub(crate) const CALL_WINDOW: u32 = 64 * 1024;

/// Connects without encryption.
pub(crate) async fn plain(address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// Connects with encryption, trusting one authority.
pub(crate) async fn encrypted(
    address: SocketAddr,
    authority: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    encrypted_as(address, authority, b"h2").await
}

/// The same, for another protocol than HTTP/2.
pub(crate) async fn encrypted_as(
    address: SocketAddr,
    authority: &CertificateDer<'static>,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let socket = plain(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

impl Client {
    pub(crate) async fn over(
        socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Self, hyper::Error> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(CALL_WINDOW)
            .initial_connection_window_size(16 * CALL_WINDOW)
            .handshake(TokioIo::new(socket))
            .await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, authorization: None })
    }

    pub(crate) fn with_authorization(&self, authorization: &str) -> Self {
        let authorization = Some(HeaderValue::from_str(authorization).unwrap());
        Self { sender: self.sender.clone(), authorization }
    }

    pub(crate) fn streams(&self) -> StreamsClient<Self> {
        StreamsClient::with_origin(self.clone(), origin())
    }

    pub(crate) fn users(&self) -> UsersClient<Self> {
        UsersClient::with_origin(self.clone(), origin())
    }

    pub(crate) fn gossip(&self) -> GossipClient<Self> {
        GossipClient::with_origin(self.clone(), origin())
    }

    /// The status of a `GET`.
    pub(crate) async fn get(&self, path: &'static str) -> u16 {
        let request = Request::get(format!("https://localhost{path}")).body(Body::empty()).unwrap();
        let mut client = self.clone();
        tower::Service::call(&mut client, request).await.unwrap().status().as_u16()
    }
}

fn origin() -> Uri {
    Uri::from_static("https://localhost")
}

impl tower::Service<Request<Body>> for Client {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sender.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
        }
        self.sender.send_request(request).boxed()
    }
}
