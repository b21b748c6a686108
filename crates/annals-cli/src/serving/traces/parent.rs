//! Whose child the span of a call is, as its headers say in the form of the W3C.

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const TRACEPARENT: &str = "traceparent";

/// Makes the caller's span the parent of a span. What is no name of a span is passed over.
pub(super) fn adopt(span: &Span, headers: &HeaderMap) {
    if !headers.contains_key(TRACEPARENT) {
        return;
    }
    let nobody = Context::new();
    let caller = TraceContextPropagator::new().extract_with_context(&nobody, &Headers(headers));
    if let Err(error) = span.set_parent(caller) {
        tracing::debug!(%error, "the span of a call has no parent");
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
