//! Spans around calls, and around what calls ask of the store, with the names and attributes of
//! OpenTelemetry's conventions for RPC, HTTP and databases.
//!
//! The server makes them with `tracing` and does not know who collects them, or whether anybody
//! does. While nobody does, a span costs a check of one flag.
//! No span carries a payload or a credential, and no name of a span the id of a stream.

mod call;
mod store;

use http::HeaderMap;
use tracing::Span;

pub(crate) use self::{
    call::{grpc, grpc_ended, http, http_ended},
    store::{Asked, append, appended, read, subscribe},
};

/// Makes the caller's span, named in the headers of a call, the parent of the span of that call.
pub type TraceParent = fn(&Span, &HeaderMap);

/// What all spans are for, so that a collector can tell them from those of libraries.
const TARGET: &str = "annals";
