//! The gate in front of all services, of gRPC and HTTP alike: it notes in each request who is
//! calling, and turns away who must not come in.

use std::sync::Arc;

use annals_core::{Error, ErrorKind};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::Caller;
use crate::{node::Node, wire::status::status};

/// What is answered to anybody: whether the server lives and where it is. A path that ends with a
/// slash stands for all below it.
const FOR_ANYBODY: &[&str] = &[
    "/event_store.client.gossip.Gossip/",
    "/event_store.client.server_features.ServerFeatures/",
    "/gossip",
    "/grpc.health.v1.Health/",
    "/health/",
    "/info",
    "/ping",
];

/// How browsers and tools are asked for a user and a password.
pub(crate) const CHALLENGE: &str = "Basic realm=\"annals\"";

/// Lets a request through with a note of who is calling.
pub(crate) async fn check(
    State(node): State<Arc<Node>>,
    mut request: Request,
    next: Next,
) -> Response {
    // Nothing behind the gate needs it, so nothing can show it.
    let authorization = request.headers_mut().remove(header::AUTHORIZATION);
    let caller = match node.access.identify(authorization).await {
        Ok(caller) => caller,
        Err(error) => return refuse(request.headers(), &error),
    };
    let path = request.uri().path();
    if caller == Caller::Anonymous && !node.access.admits_anonymous() && !is_for_anybody(path) {
        let why = "credentials are needed: a user and a password, or an API key";
        return refuse(request.headers(), &Error::new(ErrorKind::Unauthenticated, why));
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn is_for_anybody(path: &str) -> bool {
    let is =
        |open: &&&str| if open.ends_with('/') { path.starts_with(**open) } else { path == **open };
    FOR_ANYBODY.iter().find(is).is_some()
}

fn refuse(headers: &HeaderMap, error: &Error) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if content_type.is_some_and(|content_type| content_type.starts_with(b"application/grpc")) {
        return status(error).into_http::<Body>();
    }
    let code = match error.kind() {
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let challenge = [(header::WWW_AUTHENTICATE, CHALLENGE)];
    (code, challenge, format!("{error}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anybody_gets_what_is_listed_and_nothing_beside_it() {
        for path in ["/health/live", "/gossip", "/event_store.client.gossip.Gossip/Read"] {
            assert!(is_for_anybody(path), "{path}");
        }
        for path in ["/", "/info/options", "/healthy", "/event_store.client.streams.Streams/Read"] {
            assert!(!is_for_anybody(path), "{path}");
        }
    }
}
