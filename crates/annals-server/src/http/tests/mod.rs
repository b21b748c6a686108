//! The routes and what is around every call, without a port.

mod calls;
mod health;
mod logged;
mod malformed;
mod metrics;
mod stats;

use std::{pin::Pin, sync::Arc};

use annals_core::{Backend, MemoryBackend};
use annals_proto::kurrentdb::streams::streams_client::StreamsClient;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    response::Response,
};
use futures_lite::{Stream, StreamExt, stream};
use http::{HeaderMap, Method, StatusCode};
use hyper::body::Body as HttpBody;
use tower::Service;

use crate::{
    Options,
    node::Node,
    stopping::{self, Stop},
};

/// A server over a store in memory.
struct Served {
    node: Arc<Node>,
    stop: Stop,
}

/// What was answered, whole.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Served {
    fn new() -> Self {
        Self::over(MemoryBackend::new())
    }

    fn over(store: impl Backend) -> Self {
        logged::install();
        let (stop, stopping) = stopping::pair();
        let options = Options::default();
        let address = options.listen;
        let node = Node::new(Arc::new(store), options, address, stopping).unwrap();
        Self { node: Arc::new(node), stop }
    }

    fn router(&self) -> Router {
        super::router(&self.node)
    }

    fn streams(&self) -> StreamsClient<Router> {
        StreamsClient::new(self.router())
    }

    async fn get(&self, path: &str) -> Answer {
        ask(&mut self.router(), Method::GET, path).await
    }

    async fn json(&self, path: &str) -> serde_json::Value {
        let answer = self.get(path).await;
        serde_json::from_str(&answer.text).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }
}

async fn ask(router: &mut Router, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let (parts, body) = router.call(request).await.unwrap().into_parts();
    let text = whole(body).await;
    Answer { status: parts.status, headers: parts.headers, text }
}

async fn whole(body: Body) -> String {
    let mut frames = frames(body);
    let mut bytes = Vec::new();
    while let Some(frame) = frames.next().await {
        bytes.extend_from_slice(&frame);
    }
    String::from_utf8(bytes).unwrap()
}

fn frames(body: Body) -> impl Stream<Item = Bytes> + Unpin {
    let next = |mut body: Body| async {
        let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let data = frame.await?.unwrap().into_data().unwrap_or_default();
        Some((data, body))
    };
    Box::pin(stream::unfold(body, next))
}

/// A call of gRPC without a message.
async fn call(router: &mut Router, path: &str) -> Response {
    let request = Request::builder().method(Method::POST).uri(path);
    let request = request.header("content-type", "application/grpc").body(Body::empty()).unwrap();
    router.call(request).await.unwrap()
}

/// What ends an answer.
async fn trailers(mut body: Body) -> Option<HeaderMap> {
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        if let Ok(trailers) = frame.await?.unwrap().into_trailers() {
            return Some(trailers);
        }
    }
}
