//! A service by the name that it had before.

use std::task::{Context, Poll};

use http::{Request, Uri, uri::PathAndQuery};
use tower::Service;

/// A service that is called by an old name, and sees calls by its own.
#[derive(Debug, Clone)]
pub(super) struct Renamed<S> {
    pub(super) service: S,
    pub(super) name: &'static str,
}

impl<S, B> Service<Request<B>> for Renamed<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Some(uri) = renamed(request.uri(), self.name) {
            *request.uri_mut() = uri;
        }
        self.service.call(request)
    }
}

/// The same call under another name; `None` for what is no call.
fn renamed(uri: &Uri, name: &str) -> Option<Uri> {
    let (_, call) = uri.path().rsplit_once('/')?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("/{name}/{call}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_keeps_all_but_the_name() {
        let renamed = |uri: &'static str| renamed(&Uri::from_static(uri), "new.Name");
        assert_eq!(renamed("http://a:1/old.Name/Read").unwrap(), "http://a:1/new.Name/Read");
        assert_eq!(renamed("/old.Name/Read").unwrap(), "/new.Name/Read");
    }
}
