//! A store behind gRPC and HTTP on one port.
//!
//! The clients of KurrentDB and EventStoreDB talk to it unchanged; `annals-remote` talks to it in
//! Annals' own protocol, which has everything that a store can do.
//! The server sees any [`Backend`](annals_core::Backend) and never which one it is; what a backend
//! cannot do is answered as unsupported.
//!
//! Where things are: `kurrent/` holds KurrentDB's services, `umadb/` UmaDB's, `store/` that of
//! Annals itself, `wire/` what turns messages into the words of the store and back, `http/` the
//! routes and what is around every call, `metrics/` what is counted, `trace/` the spans,
//! `server.rs` and `connection.rs` the connections.
//! Who may do what is decided in `access/`, who may log in is kept by `users/`; which of the servers
//! of a store drives the groups of consumers, in `leader/`.

mod access;
mod connection;
mod derived;
mod filter;
#[doc(hidden)]
pub mod fuzzing;
mod grpc_health;
mod http;
mod index_name;
mod kurrent;
mod leader;
mod links;
mod metrics;
mod node;
mod options;
mod prompt;
mod room;
mod secret;
mod server;
mod shown;
mod stopping;
mod store;
mod tls;
mod trace;
mod umadb;
mod users;
mod wire;

pub use access::KeyAccess;
pub use options::{Anonymous, Options, Secured, Security};
pub use secret::Secret;
pub use server::Server;
pub use tls::TlsFiles;
pub use trace::TraceParent;
pub use users::{Account, Accounts, Keys, StoredKey, generated_password, key_for_file};
