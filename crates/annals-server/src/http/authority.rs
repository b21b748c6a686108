//! By which name a client reached this server: what it can reach, it can be told to use again.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, Uri, header};

/// The host and port that a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl Authority {
    /// From the request's target, or else its `Host`.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let authority = match uri.authority() {
            Some(authority) => authority.clone(),
            None => headers.get(header::HOST)?.to_str().ok()?.parse().ok()?,
        };
        Some(Self { host: authority.host().to_owned(), port: authority.port_u16() })
    }
}

/// Notes on each request by which name it came.
pub(super) async fn note(mut request: Request, next: Next) -> Response {
    if let Some(authority) = Authority::of(request.uri(), request.headers()) {
        request.extensions_mut().insert(authority);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_from_the_target_or_the_host() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "annals.local:9".parse().unwrap());
        let of = |uri: &'static str| Authority::of(&Uri::from_static(uri), &headers).unwrap();
        assert_eq!(of("/info"), Authority { host: "annals.local".to_owned(), port: Some(9) });
        assert_eq!(of("http://localhost:2113/x").host, "localhost");
        assert_eq!(Authority::of(&Uri::from_static("/"), &HeaderMap::new()), None);
    }
}
