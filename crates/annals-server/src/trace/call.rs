//! The span of one call, of gRPC or plain HTTP.

use axum::extract::Request;
use http::{StatusCode, header};
use tonic::Code;
use tracing::{Span, field};

use super::{Spans, TARGET, TraceParent};
use crate::{
    http::authority::Authority,
    metrics::code_name,
    node::{Node, Peer},
};

impl Spans {
    /// Begins the span of a call of gRPC.
    pub(crate) fn grpc(self, node: &Node, request: &Request) -> Span {
        let Some(parent) = self.0 else { return Span::none() };
        let span = tracing::info_span!(
            target: TARGET,
            "call",
            otel.name = request.uri().path().trim_start_matches('/'),
            otel.kind = "server",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            rpc.system = "grpc",
            rpc.service = field::Empty,
            rpc.method = field::Empty,
            rpc.grpc.status_code = field::Empty,
            server.address = field::Empty,
            server.port = field::Empty,
            network.peer.address = field::Empty,
            network.peer.port = field::Empty,
        );
        if span.is_disabled() {
            return span;
        }
        let path = request.uri().path().trim_start_matches('/');
        if let Some((service, method)) = path.rsplit_once('/') {
            span.record("rpc.service", service).record("rpc.method", method);
        }
        ends(&span, parent, node, request);
        span
    }

    /// Begins the span of a request of plain HTTP.
    pub(crate) fn http(self, node: &Node, request: &Request) -> Span {
        let Some(parent) = self.0 else { return Span::none() };
        let span = tracing::info_span!(
            target: TARGET,
            "request",
            otel.name = request.method().as_str(),
            otel.kind = "server",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            http.request.method = request.method().as_str(),
            http.route = field::Empty,
            http.response.status_code = field::Empty,
            url.path = request.uri().path(),
            url.scheme = request.uri().scheme_str(),
            user_agent.original = field::Empty,
            server.address = field::Empty,
            server.port = field::Empty,
            network.peer.address = field::Empty,
            network.peer.port = field::Empty,
        );
        if span.is_disabled() {
            return span;
        }
        let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        span.record("user_agent.original", agent);
        ends(&span, parent, node, request);
        span
    }
}

/// A call of gRPC has ended. Only what the server is to blame for is an error of its own; what a
/// caller got wrong is told by the code.
pub(crate) fn grpc_ended(span: &Span, code: Code) {
    if span.is_disabled() {
        return;
    }
    span.record("rpc.grpc.status_code", code as i64);
    let is_error = matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    );
    if code != Code::Ok {
        span.record("error.type", code_name(code));
    }
    if is_error {
        span.record("otel.status_code", "ERROR");
    }
}

/// A request of plain HTTP was answered. It is named after its route, when it has one: a client may
/// ask for any path.
pub(crate) fn http_ended(span: &Span, method: &str, path: &str, status: StatusCode) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status != StatusCode::NOT_FOUND {
        let route = if path.starts_with("/stats/") { "/stats/{*path}" } else { path };
        span.record("http.route", route);
        span.record("otel.name", format_args!("{method} {route}").to_string().as_str());
    }
    if status.is_server_error() {
        span.record("error.type", status.as_str()).record("otel.status_code", "ERROR");
    }
}

/// Notes both ends of the connection, and takes the caller's span as the parent.
fn ends(span: &Span, adopt: TraceParent, node: &Node, request: &Request) {
    adopt(span, request.headers());
    let asked = Authority::of(request.uri(), request.headers());
    let (host, port) = node.advertised(asked.as_ref());
    span.record("server.address", host.as_str()).record("server.port", i64::from(port));
    if let Some(Peer(peer)) = request.extensions().get::<Peer>() {
        span.record("network.peer.address", field::display(peer.ip()));
        span.record("network.peer.port", i64::from(peer.port()));
    }
}
