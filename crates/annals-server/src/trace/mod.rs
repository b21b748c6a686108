//! Spans around calls, and around what calls ask of the store, with the names and attributes of
//! OpenTelemetry's conventions for RPC, HTTP and databases.
//!
//! The server makes them with `tracing` and does not know who collects them. It makes them where
//! it was told how a call finds its caller's span; else the cost is to look at that.
//! No span carries a payload or a credential, and no name of a span the id of a stream.

mod call;
mod store;

use http::HeaderMap;
use tracing::Span;

#[cfg(test)]
pub(crate) use self::call::ROUTES;
pub(crate) use self::{
    call::{grpc_ended, http_ended},
    store::{Asked, appended},
};
use crate::options::Options;

/// Makes the caller's span, named in the headers of a call, the parent of the span of that call.
pub type TraceParent = fn(&Span, &HeaderMap);

/// Whether spans are made, and how those of calls find their parents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spans(Option<TraceParent>);

impl Spans {
    pub(crate) const fn of(options: &Options) -> Self {
        Self(options.trace_parent)
    }
}

/// What all spans are for, so that a collector can tell them from those of libraries.
const TARGET: &str = "annals";
