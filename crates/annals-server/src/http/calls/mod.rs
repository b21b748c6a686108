//! Around every call: it has a span, it is counted and timed, a panic in it is answered, a failure
//! of the server's own is logged, and none begins once the server stops.

mod blame;
mod body;

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_lite::FutureExt;
use http::{HeaderMap, StatusCode, header, uri::PathAndQuery};
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument, Span};

use self::body::Observed;
use crate::{
    metrics::{self, One},
    node::Node,
    trace::{self, Spans},
};

/// What is put around all services.
#[derive(Clone)]
pub(crate) struct Observe(pub(crate) Arc<Node>);

/// All services, with what is around them.
#[derive(Clone)]
pub(crate) struct Around<S> {
    node: Arc<Node>,
    services: S,
}

impl<S> Layer<S> for Observe {
    type Service = Around<S>;

    fn layer(&self, services: S) -> Around<S> {
        Around { node: Arc::clone(&self.0), services }
    }
}

impl<S> Service<Request> for Around<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = annals_core::BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.services.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if !is_grpc(request.headers()) {
            let span = Spans::of(&self.node.options).http(&self.node, &request);
            let path = request.uri().path_and_query().cloned();
            let answer = AssertUnwindSafe(self.services.call(request)).catch_unwind();
            return Box::pin(async move {
                let path = path.as_ref().map_or("/", PathAndQuery::path);
                let answer = answer.instrument(span.clone()).await.unwrap_or_else(|_| {
                    tracing::error!(path, "a request failed by a panic");
                    Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response())
                });
                answer.inspect(|answer| trace::http_ended(&span, answer.status()))
            });
        }
        let call = Call::begin(&self.node, &request);
        if self.node.stopping.has_begun() {
            let status = Status::unavailable("the server is stopping; connect again");
            return Box::pin(async { Ok(observed(status.into_http(), call)) });
        }
        let answer = AssertUnwindSafe(self.services.call(request)).catch_unwind();
        Box::pin(async move {
            match answer.instrument(call.span.clone()).await {
                Ok(answer) => answer.map(|answer| observed(answer, call)),
                Err(_) => Ok(observed(panicked().into_http(), call)),
            }
        })
    }
}

/// Keeps from services what is no call: it would be answered, and neither counted nor watched.
pub(super) async fn only(request: Request, next: Next) -> Response {
    if is_grpc(request.headers()) {
        next.run(request).await
    } else {
        StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response()
    }
}

/// Whether a request or an answer is one of gRPC.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// What a client hears of a panic.
fn panicked() -> Status {
    Status::internal("the server met a defect of its own; its log says where")
}

fn observed(mut answer: Response, mut call: Call) -> Response {
    if !is_grpc(answer.headers()) {
        answer = Status::unimplemented("there is no method of this name").into_http();
    }
    // A call that fails before it answers anything has its status in the headers.
    if let Some(status) = blame::settle(answer.headers_mut()) {
        call.end(&status);
        return answer;
    }
    answer.map(|body| Body::new(Observed::new(body, call)))
}

/// One call of gRPC, from its beginning to its end.
struct Call {
    node: Arc<Node>,
    path: Option<PathAndQuery>,
    begun: Instant,
    is_open: bool,
    span: Span,
    _active: One,
}

impl Call {
    fn begin(node: &Arc<Node>, request: &Request) -> Self {
        let path = request.uri().path_and_query().cloned();
        let active = One::of(&node.metrics.calls.active);
        let span = Spans::of(&node.options).grpc(node, request);
        let (node, begun) = (Arc::clone(node), Instant::now());
        Self { node, path, begun, is_open: true, span, _active: active }
    }

    fn path(&self) -> &str {
        self.path.as_ref().map_or("/", PathAndQuery::path)
    }

    /// The call has ended with a status; what comes later does not count.
    fn end(&mut self, status: &Status) {
        if !self.is_open {
            return;
        }
        self.is_open = false;
        let (code, took) = (status.code(), self.begun.elapsed());
        self.node.metrics.calls.ended(self.path(), code, took);
        trace::grpc_ended(&self.span, code);
        if is_defect(status) {
            let method = self.path();
            let (code, message) = (metrics::code_name(code), status.message());
            let milliseconds = took.as_millis() as u64;
            tracing::error!(method, code, message, milliseconds, "a call failed");
        }
    }
}

/// Whether a call failed by the server's own fault. Where the protocol wants such a code for what
/// a client asked for, it has a word for it in the trailers too.
fn is_defect(status: &Status) -> bool {
    let is_ours = matches!(status.code(), Code::Internal | Code::Unknown | Code::DataLoss);
    is_ours && !status.metadata().contains_key("exception")
}

impl Drop for Call {
    fn drop(&mut self) {
        // Nobody waits for the rest of the answer.
        self.end(&Status::cancelled(""));
    }
}
