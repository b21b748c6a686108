//! A private NATS with JetStream: one server, or three that are a cluster.
//!
//! * Every server has a folder and ports of its own, on loopback, and keeps both
//!   when it is started again.
//! * A server ends with the value that stands for it, and with the process that
//!   started it, however that ends.
//! * In a cluster everything that servers and clients say to a server goes through
//!   proxies of this process, which can cut it off.
//! * Nothing here knows the protocol of NATS: a server says what it is in its log
//!   and on its monitoring port.

mod cluster;
mod installation;
mod monitor;
mod options;
mod proxy;
mod server;

pub use cluster::Cluster;
pub use installation::{Installation, PROGRAM};
pub use options::{Login, Operator, Options, Permissions, Sync, Tls, User};
pub use proxy::Cut;
pub use server::Nats;
