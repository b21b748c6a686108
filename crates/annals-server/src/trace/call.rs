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

/// What is answered over plain HTTP.
pub(crate) const ROUTES: [&str; 9] = [
    "/health/live",
    "/health/ready",
    "/health/startup",
    "/metrics",
    "/stats",
    "/stats/{*path}",
    "/ping",
    "/info",
    "/gossip",
];

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
        let route = route(request.uri().path());
        let name = match route {
            Some(route) => format!("{} {route}", request.method()),
            None => request.method().to_string(),
        };
        let span = tracing::info_span!(
            target: TARGET,
            "request",
            otel.name = name.as_str(),
            otel.kind = "server",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            http.request.method = request.method().as_str(),
            http.route = route,
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

/// A request of plain HTTP was answered.
pub(crate) fn http_ended(span: &Span, status: StatusCode) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("error.type", status.as_str()).record("otel.status_code", "ERROR");
    }
}

/// The route of a path. A client may ask for any path, and names of spans are to be few.
fn route(path: &str) -> Option<&'static str> {
    let begins = |route: &str| match route.split_once("/{") {
        Some((before, _)) => path.strip_prefix(before).is_some_and(|rest| rest.starts_with('/')),
        None => path == route,
    };
    ROUTES.into_iter().find(|route| begins(route))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_after_its_route_and_never_after_what_a_client_made_up() {
        assert_eq!(route("/stats"), Some("/stats"));
        assert_eq!(route("/stats/es/store"), Some("/stats/{*path}"));
        assert_eq!(route("/metrics"), Some("/metrics"));
        for made_up in ["/", "/metrics/1", "/statistics", "/admin.php"] {
            assert_eq!(route(made_up), None, "{made_up}");
        }
    }
}
