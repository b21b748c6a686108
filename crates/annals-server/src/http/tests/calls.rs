//! Calls as they are counted, refused and given up.

use std::{sync::Arc, time::Duration};

use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Error, ErrorKind, MemoryBackend, Position, Read, RecordedEvent, Result, StateEntry,
    StateKey, StateKind, StatePut, StoreInfo, StreamInfo, StreamName, Subscribe,
};
use annals_proto::kurrentdb::streams::{DeleteReq, ReadReq};
use axum::{Router, body::Body, routing::get};
use futures_lite::{StreamExt, stream};
use http::Method;
use tonic::{Code, Status};

use super::{Served, ask, call, frames};
use crate::{
    http::{calls::Observe, tests::metrics},
    trace,
};

/// A store in memory whose place in the network is gone.
#[derive(Debug)]
pub(super) struct Broken(MemoryBackend);

impl Broken {
    pub(super) fn new() -> Self {
        Self(MemoryBackend::new())
    }
}

fn broken<T: Send + 'static>() -> BoxFuture<'static, Result<T>> {
    let cause = std::io::Error::other("no route to host");
    let error = Error::new(ErrorKind::Unavailable, "the database is gone").caused_by(cause);
    Box::pin(std::future::ready(Err(error)))
}

impl Backend for Broken {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    fn append(&self, _: Append) -> BoxFuture<'_, Result<Appended>> {
        broken()
    }
    fn delete_stream(&self, _: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        broken()
    }
    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        self.0.read(read)
    }
    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        self.0.subscribe(subscribe)
    }
    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        broken()
    }
    fn stream_info(&self, _: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        broken()
    }
    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        self.0.streams(category)
    }
    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        self.0.state(key)
    }
    fn put_state(&self, _: StatePut) -> BoxFuture<'_, Result<u64>> {
        broken()
    }
    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        self.0.states(kind, prefix)
    }
    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        broken()
    }
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.0.close()
    }
}

async fn early() -> String {
    panic!("a panic of a test")
}

/// A service that panics before it answers, and one that panics in the middle of its answer.
pub(super) fn panicking(served: &Served) -> Router {
    let late = || async {
        let parts = stream::iter([1, 2]).map(|part| match part {
            1 => Ok::<_, std::convert::Infallible>("first"),
            _ => panic!("a panic of a test"),
        });
        ([("content-type", "application/grpc")], Body::new(Parts(Box::pin(parts))))
    };
    let router = Router::new().route("/test.Service/Early", get(early).post(early));
    router
        .route("/test.Service/Late", get(late).post(late))
        .layer(Observe(Arc::clone(&served.node)))
}

/// A body from a stream.
struct Parts(BoxStream<'static, Result<&'static str, std::convert::Infallible>>);

impl hyper::body::Body for Parts {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        let part = self.0.as_mut().poll_next(context);
        part.map(|part| {
            part.map(|part| part.map(|part| hyper::body::Frame::data(part.as_bytes().into())))
        })
    }
}

#[tokio::test]
async fn calls_are_counted_by_method_and_code() {
    let served = Served::new();
    let failed = served.streams().delete(DeleteReq::default()).await.unwrap_err();
    assert_eq!(failed.code(), Code::InvalidArgument);
    served.streams().append(metrics::append("account-1", 3)).await.unwrap();
    let text = served.get("/metrics").await.text;
    let method = "event_store.client.streams.Streams";
    for line in [
        format!(
            "annals_grpc_requests_total{{method=\"{method}/Delete\",code=\"INVALID_ARGUMENT\"}} 1\n"
        ),
        format!("annals_grpc_requests_total{{method=\"{method}/Append\",code=\"OK\"}} 1\n"),
        format!(
            "annals_grpc_request_duration_seconds_count{{method=\"{method}/Append\",code=\"OK\"}} 1\n"
        ),
    ] {
        assert!(text.contains(&line), "{line}{text}");
    }
}

#[tokio::test]
async fn a_call_whose_client_has_gone_counts_as_cancelled() {
    let served = Served::new();
    let mut client = served.streams();
    let subscribed = client.read(metrics::subscribe()).await.unwrap();
    let text = served.get("/metrics").await.text;
    assert!(text.contains("annals_subscriptions 1\n"), "{text}");
    assert!(text.contains("annals_grpc_requests_active 1\n"), "{text}");
    drop(subscribed);
    let text = served.get("/metrics").await.text;
    assert!(text.contains("code=\"CANCELLED\"} 1\n"), "{text}");
    assert!(text.contains("annals_subscriptions 0\n"), "{text}");
    assert!(text.contains("annals_grpc_requests_active 0\n"), "{text}");
}

#[tokio::test]
async fn a_panic_is_answered_before_and_in_the_middle_of_an_answer() {
    let served = Served::new();
    let mut router = panicking(&served);
    let early = call(&mut router, "/test.Service/Early").await;
    let status = Status::from_header_map(early.headers()).unwrap();
    assert_eq!(status.code(), Code::Internal);
    assert!(!status.message().contains("a panic of a test"), "{status}");

    let late = call(&mut router, "/test.Service/Late").await;
    assert_eq!(frames(late.into_body()).next().await.unwrap(), "first");
    let late = call(&mut router, "/test.Service/Late").await;
    assert_eq!(super::trailers(late.into_body()).await.unwrap()["grpc-status"], "13");

    let http = ask(&mut router, Method::GET, "/test.Service/Early").await;
    assert_eq!(http.status.as_u16(), 500);
}

#[tokio::test]
async fn every_route_that_spans_are_named_after_is_there() {
    let served = Served::new();
    for route in trace::ROUTES {
        let answer = served.get(&route.replace("{*path}", "es")).await;
        assert_ne!(answer.status.as_u16(), 404, "{route}");
    }
}

#[tokio::test]
async fn a_server_that_stops_begins_no_call() {
    let served = Served::new();
    served.stop.begin();
    let refused = served.streams().append(metrics::append("account-1", 1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    let refused = served.streams().read(ReadReq::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(served.node.metrics.events_appended.get(), 0);
    // It is counted all the same, by a code that names no method.
    assert_eq!(served.node.metrics.calls.counts().len(), 1);
}

#[tokio::test]
async fn the_time_that_calls_take_is_measured() {
    let served = Served::new();
    served.node.metrics.calls.ended("/a.B/C", Code::Ok, Duration::from_millis(3));
    let text = served.get("/metrics").await.text;
    let labels = "method=\"a.B/C\",code=\"OK\"";
    for line in [
        format!("annals_grpc_request_duration_seconds_sum{{{labels}}} 0.003\n"),
        format!("annals_grpc_request_duration_seconds_bucket{{le=\"0.0016\",{labels}}} 0\n"),
        format!("annals_grpc_request_duration_seconds_bucket{{le=\"0.0032\",{labels}}} 1\n"),
    ] {
        assert!(text.contains(&line), "{line}{text}");
    }
}
