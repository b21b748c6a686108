//! What the backends share that talk to a server: where it is, how it is reached, who calls, what
//! is tried again when a connection is lost, and subscriptions that go on over lost connections.
//!
//! Nothing here knows a protocol: a backend gives its own client, tells what a failed call of it
//! means, and feeds its subscriptions with messages that it understands.

mod connect;
mod failure;
mod follow;
mod login;
mod options;
mod patience;
pub mod place;
mod shared;
mod starting;
pub mod url;

pub use connect::{Authorities, Connection, KeepAlive, MESSAGE_BYTES_MAX, Server, Tls};
pub use failure::{Failed, late, of_code, of_connection};
pub use follow::{Feed, follow};
pub use login::Login;
pub use options::Options;
pub use patience::{Lost, Patience};
pub use shared::{Shared, Threads, closed};
pub use starting::{Question, Starting};
