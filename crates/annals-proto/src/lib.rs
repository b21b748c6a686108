//! The wire types of every protocol that Annals speaks: messages, clients and servers.
//!
//! Nothing here decides anything; what a message means is said where it is served or called.
//! The code is generated from `proto/` and committed, so that a build needs no generator:
//! `cargo xtask codegen` writes it anew, and a test fails when it is not what `proto/` says.
//!
//! | Module | Protocol | Package on the wire |
//! | --- | --- | --- |
//! | [`annals`] | that of Annals itself: one call for each thing a store does | `annals.v1` |
//! | [`kurrentdb`] | KurrentDB, v1 | `event_store.client` and those inside it |
//! | [`kurrentdb_v2`] | KurrentDB, v2: appends to many streams | `kurrentdb.protocol.v2.streams` |
//! | [`kurrent_rpc`] | errors of any service of KurrentDB, v2 | `kurrent.rpc` |
//! | [`umadb`] | UmaDB | `umadb.v1` |
//! | [`grpc_health`] | whether a gRPC server can work | `grpc.health.v1` |
//! | [`google_rpc`] | statuses inside of messages and trailers | `google.rpc` |
//!
//! The `Debug` of a message shows all that is in it, payloads and passwords too: none is ever logged.
//!
//! Clients are made from a channel of the caller's own (`StreamsClient::new`), because this crate
//! brings no transport.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::large_futures,
    clippy::needless_pass_by_value,
    clippy::use_self,
    reason = "generated: its form is the generators' choice, its meaning is told in proto/"
)]
#[rustfmt::skip]
mod generated;

/// The protocol of Annals itself, which mirrors the contract of `annals_core::Backend`.
///
/// The text of events is `Bytes` here, and shares the buffer it was read from; whoever reads it
/// checks that it is UTF-8.
pub use generated::annals::v1 as annals;

/// Statuses of calls, and the numbers they have.
pub use generated::google::rpc as google_rpc;

/// Whether a gRPC server can work.
pub use generated::grpc::health::v1 as grpc_health;

/// KurrentDB, v1: the types that its services share, and one module for each service.
pub use generated::event_store::client as kurrentdb;

/// Errors of any service of KurrentDB, v2.
pub use generated::kurrent::rpc as kurrent_rpc;

/// KurrentDB, v2: appends to many streams, and their errors.
pub use generated::kurrentdb::protocol::v2::streams as kurrentdb_v2;

/// UmaDB.
pub use generated::umadb::v1 as umadb;
