//! A store behind gRPC and HTTP on one port.
//!
//! The clients of KurrentDB and EventStoreDB talk to it unchanged.
//! The server sees any [`Backend`](annals_core::Backend) and never which one it is; what a backend
//! cannot do is answered as unsupported.
//!
//! Where things are: `kurrent/` holds KurrentDB's services, `wire/` everything that turns messages
//! into the words of the store and back, `http/` the routes and what is around every call, `metrics/`
//! what is counted, and `server.rs` the connections.

mod access;
mod filter;
mod http;
mod kurrent;
mod links;
mod metrics;
mod node;
mod options;
mod room;
mod server;
mod stopping;
mod wire;

pub use options::Options;
pub use server::Server;
