//! A store behind gRPC and HTTP on one port.
//!
//! The clients of KurrentDB and EventStoreDB talk to it unchanged; `annals-remote` talks to it in
//! Annals' own protocol, which has everything that a store can do.
//! The server sees any [`Backend`](annals_core::Backend) and never which one it is; what a backend
//! cannot do is answered as unsupported.
//!
//! Where things are: `kurrent/` holds KurrentDB's services, `store/` that of Annals itself, `wire/`
//! everything that turns messages into the words of the store and back, `http/` the routes, and
//! `server.rs` the connections.

mod access;
mod filter;
mod http;
mod kurrent;
mod links;
mod node;
mod options;
mod server;
mod stopping;
mod store;
mod wire;

pub use options::Options;
pub use server::Server;
